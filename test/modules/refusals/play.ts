import { secp256k1 } from "@noble/curves/secp256k1.js";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, SignDoc, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { toHex } from "../../../chain/bytes.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { decodeTx } from "../../../chain/decode-tx.ts";
import { TxError } from "../../../chain/errors.ts";
import { createContext } from "../../../chain/executor/context.ts";
import { runTx } from "../../../chain/executor/run-tx.ts";
import type { BlockInfo } from "../../../chain/module.ts";
import { ante } from "../../../modules/auth/ante.ts";
import { getAccount, moduleAddress, setAccount } from "../../../modules/auth/keeper.ts";
import { transfer } from "../../../modules/bank/keeper.ts";
import { createOverlay } from "../../../state/overlay.ts";
import type { Overlay } from "../../../state/store.ts";
import { addressOf, BLS, SPEC } from "../network.ts";
import { createWorld, type Message, secretOf, type World } from "./world.ts";

/** What of a transaction is not as it should be. Signatures are always right for what it then says. */
export interface TxChange {
  readonly memo?: string;
  readonly fee?: readonly { readonly denom: string; readonly amount: string }[];
  readonly granter?: string;
  readonly payer?: string;
  readonly gas?: bigint;
  readonly sequence?: bigint;
  readonly chainId?: string;
  readonly accountNumber?: bigint;
  readonly timeoutHeight?: bigint;
  readonly timeoutMs?: number;
  readonly unordered?: boolean;
  /** Whose keys sign, in the place of the signers'. None for an empty list. */
  readonly keys?: readonly string[];
  /** Messages that follow. */
  readonly more?: readonly Message[];
}

/** One way in which a message is refused. */
export interface Refusal {
  readonly type: string;
  /** What is wrong, in a few plain words. */
  readonly wrong: string;
  /** `<codespace>/<code>` */
  readonly code: string;
  readonly value: Uint8Array;
  /** Who signs; `governance` carries the message out as a proposal that passed. Default `ann`. */
  readonly by?: string;
  readonly tx?: TxChange;
  /** What has happened before. Rows that name the same function share what it leads to. */
  readonly given?: Given;
}

/** Makes the chain that a row is played on. */
export type Given = () => World;

/** What came of a row. */
export interface Outcome {
  /** Undefined for what was not refused. */
  readonly refused: { readonly code: string; readonly text: string } | undefined;
  /** Whether the transaction got into the block, and its fee was taken. */
  readonly charged: boolean;
  /** Keys, as hexadecimal digits, of what was changed besides the fee and the sequence. */
  readonly changed: readonly string[];
}

export const GAS = 1_000_000n;
const FEE = [{ denom: SPEC.denom, amount: "25000" }];

function signedTx(world: World, message: Message, by: string, change: TxChange): Uint8Array {
  const account = getAccount(world.store, addressOf(by));
  const sequence = change.sequence ?? (change.unordered === true ? 0n : BigInt(account?.sequence ?? 0));
  const body = TxBody.fromPartial({
    messages: [message, ...(change.more ?? [])],
    memo: change.memo ?? "",
    timeoutHeight: change.timeoutHeight ?? 0n,
    unordered: change.unordered ?? false,
    ...(change.timeoutMs === undefined
      ? {}
      : { timeoutTimestamp: { seconds: BigInt(Math.floor(change.timeoutMs / 1000)), nanos: 0 } }),
  });
  const keys = change.keys ?? [by];
  const authInfo = AuthInfo.fromPartial({
    signerInfos: keys.map(() => ({ modeInfo: { single: { mode: SignMode.SIGN_MODE_DIRECT } }, sequence })),
    fee: {
      amount: [...(change.fee ?? FEE)],
      gasLimit: change.gas ?? GAS,
      granter: change.granter ?? "",
      payer: change.payer ?? "",
    },
  });
  const bodyBytes = TxBody.encode(body).finish();
  const authInfoBytes = AuthInfo.encode(authInfo).finish();
  const doc = SignDoc.encode({
    bodyBytes,
    authInfoBytes,
    chainId: change.chainId ?? SPEC.chainId,
    accountNumber: change.accountNumber ?? BigInt(account?.accountNumber ?? 0),
  }).finish();
  const signatures = keys.map((name) => secp256k1.sign(sha256(doc), secretOf(name), { prehash: false }));
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures }).finish();
}

/** Exactly what a refused transaction may leave: the fee has moved, and the payer's sequence is one higher. */
function chargeOnly(block: BlockInfo, store: Overlay, by: string, amount: bigint): void {
  const account = getAccount(store, addressOf(by));
  if (account === undefined) throw new Error(`${by} has no account`);
  transfer(createContext(block, store, BLS), addressOf(by), moduleAddress("fee_collector"), [
    { denom: SPEC.denom, amount },
  ]);
  setAccount(store, { ...account, sequence: account.sequence + 1 });
}

/** Keys whose values are not the same in both. */
function differences(a: Overlay, b: Overlay): readonly string[] {
  const keys = new Map([...a.changes(), ...b.changes()].map(([key]) => [toHex(key), key]));
  const shown = (value: Uint8Array | undefined) => (value === undefined ? "" : `=${toHex(value)}`);
  return [...keys].flatMap(([hex, key]) => (shown(a.get(key)) === shown(b.get(key)) ? [] : [hex]));
}

const named = ({ codespace, code }: { codespace: string; code: number }): string => `${codespace}/${code}`;
const inBlock = (log: string): string => log.replace(/^failed to execute message; message index: \d+: /, "");

function asGovernance(block: BlockInfo, store: Overlay, { typeUrl, value }: Message): void {
  const message = block.messages.get(typeUrl)?.parse(value, SPEC);
  message?.validate();
  const overlay = createOverlay(store);
  const ctx = createContext(block, overlay, BLS);
  message?.execute({ ...ctx, txHash: new Uint8Array(32), sequence: 0, messageIndex: 0 });
  overlay.flush();
}

/**
 * Plays one row over a world, which it leaves as it was.
 * @param tamper stands in for a fault of the chain: what it writes is found as a change.
 */
export function play(world: World, row: Refusal, tamper: (store: Overlay) => void = () => undefined): Outcome {
  const block = world.info();
  const store = createOverlay(world.store);
  const expected = createOverlay(world.store);
  const { by = "ann", tx: change = {} } = row;
  const message = { typeUrl: row.type, value: row.value };
  let refused: Outcome["refused"];
  let charged = false;
  try {
    if (by === "governance") asGovernance(block, store, message);
    else {
      const tx = decodeTx(signedTx(world, message, by, change), block.messages, SPEC);
      const result = runTx({ block, bls: BLS, ante }, store, tx, "deliver");
      charged = true;
      chargeOnly(block, expected, by, tx.fee[0]?.amount ?? 0n);
      if (result.code !== 0) refused = { code: named(result), text: inBlock(result.log) };
    }
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    refused = { code: named(error), text: error.message };
  }
  tamper(store);
  return { refused, charged, changed: differences(store, expected) };
}

/** Plays rows, each on what it is given. PERF: a world is made once for all rows that are given the same. */
export function playRows(rows: readonly Refusal[]): ReadonlyMap<Refusal, Outcome> {
  const worlds = new Map<Given, World>();
  return new Map(
    rows.map((row) => {
      const given = row.given ?? createWorld;
      const world = worlds.get(given) ?? given();
      worlds.set(given, world);
      return [row, play(world, row)];
    }),
  );
}

/** What is wrong with an outcome of a row; undefined when it is as the row says. */
export function fault(row: Refusal, { refused, changed }: Outcome): string | undefined {
  const what = `${row.type}, ${row.wrong}`;
  if (refused === undefined) return `${what}: not refused`;
  if (refused.code !== row.code) return `${what}: ${refused.code} (${refused.text}), expected ${row.code}`;
  return changed.length === 0 ? undefined : `${what}: changes ${changed.join(", ")}`;
}
