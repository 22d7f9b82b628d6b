import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../../../chain/bytes.ts";
import { blockBell } from "../../../client/block-bell.ts";
import { included } from "../../../client/transactions.ts";
import { toJsonText } from "../client.ts";
import type { Io } from "../command.ts";

const TIMEOUT_MS = 60_000;

/** What became of a transaction. */
export interface Outcome {
  readonly hash: string;
  /** Undefined where the node did not take it. */
  readonly height?: number;
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly gasUsed?: bigint;
}

/** What to do about frequent failures, by codespace and code. */
const ADVICE: Readonly<Record<string, string>> = {
  "sdk/5": "the account has less than it would send and pay",
  "sdk/11": "it ran out of gas: give more with --gas or --gas-adjustment",
  "sdk/13": "the fee is too low: give more with --gas-price or --fees",
  "sdk/19": "the node has this very transaction already",
  "sdk/20": "the node has too many transactions waiting: try again",
  "sdk/30": "it came after its --timeout-height",
  "sdk/32": "another transaction of the account was faster: try again",
  "slashing/4": "the validator is not jailed",
  "slashing/5": "it is jailed for longer: assay query slashing signing-info says until when",
};

export function adviceFor({ codespace, code }: Pick<Outcome, "codespace" | "code">): string | undefined {
  return ADVICE[`${codespace}/${code}`];
}

/** Hands a transaction to a node and waits until it is in a block, 60 s at most. @throws TooLate, NodeError */
export async function sendAndWait(comet: Comet38Client, node: string, tx: Uint8Array): Promise<Outcome> {
  const hash = toHex(sha256(tx)).toUpperCase();
  const bell = blockBell(node);
  try {
    const { code, codespace = "", log = "" } = await comet.broadcastTxSync({ tx });
    if (code !== 0) return { hash, code, codespace, log };
    const { height, gasUsed, ...result } = await bell.until(`transaction ${hash}`, TIMEOUT_MS, () =>
      included(comet, hash),
    );
    return { hash, height, code: result.code, codespace: result.codespace, log: result.log, gasUsed };
  } finally {
    bell.close();
  }
}

/** @returns the exit code. */
export function printOutcome(outcome: Outcome, json: boolean, io: Io): number {
  const { hash, height, code, codespace, log, gasUsed } = outcome;
  const failed = code !== 0;
  if (json) {
    io.out(toJsonText(outcome));
    return failed ? 1 : 0;
  }
  const where = height === undefined ? "refused by the node" : `${failed ? "failed " : ""}in block ${height}`;
  const gas = gasUsed === undefined ? "" : `, ${gasUsed} gas`;
  if (!failed) {
    io.out(`${hash} ${where}, code 0${gas}`);
    return 0;
  }
  const advice = adviceFor(outcome);
  io.err(
    `${hash} ${where} with code ${code} of ${codespace}${gas}: ${log}${advice === undefined ? "" : ` (${advice})`}`,
  );
  return 1;
}
