import { equalBytes, toHex } from "../../chain/bytes.ts";
import { Header } from "../../chain/types/header.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { type LightEnv, skipping } from "../../consensus/light/advance.ts";
import { lightBlockId, type TrustRoot, verifyFirst } from "../../consensus/light/verify.ts";
import { UserError } from "../user-error.ts";
import { LIE, NobodyHasError, type PeerSource } from "./peer-source.ts";

export interface CheckpointOptions {
  readonly source: PeerSource;
  readonly penalise: (peerId: string, points: number, reason: string) => void;
  readonly env: LightEnv;
  readonly trust: TrustRoot;
}

const DAY_MS = 86_400_000;
const SECOND_MS = 1000;
/** More than the liars that a node is connected with: each is banned for the first lie. */
const ATTEMPTS = 64;

function duration(ms: number): string {
  return ms >= 2 * DAY_MS ? `${Math.floor(ms / DAY_MS)} days` : `${Math.floor(ms / SECOND_MS)} seconds`;
}

/** What the operator has to put right: the checkpoint is too old, or this machine's clock is behind. */
function refusal(block: LightBlock, kind: "expired" | "future", { env }: CheckpointOptions): UserError {
  const { height, time } = block.header;
  if (kind === "future") {
    const ahead = duration(time - env.now());
    return new UserError(
      `the trusted block ${height} is ${ahead} ahead of this machine's clock: set the clock, best by NTP, and start again`,
    );
  }
  const age = duration(env.now() - time);
  return new UserError(
    `the trusted block ${height} is ${age} old, more than the ${duration(env.params.trustingPeriod)} within which validators ` +
      "still answer for what they signed: take a newer block's height and id from somebody you trust " +
      "(sync.trustHeight and sync.trustHash, or --trust-height and --trust-hash)",
  );
}

/**
 * The block that the operator trusts. Nothing of it is a peer's word: its id is the operator's.
 * @throws UserError when nobody has it, or it is too old or ahead of the clock.
 */
export async function fetchTrusted(options: CheckpointOptions): Promise<LightBlock> {
  const { source, env, trust } = options;
  const others = new Set<string>();
  const advice = "check sync.trustHash, or take a newer block from somebody you trust";
  const wanted = `block ${trust.height} with the id ${toHex(trust.blockId)}`;
  // One answer each is enough: with another id it is a lie, or the operator's mistake, which no patience cures.
  for (;;) {
    const found = await source.lightBlock(trust.height).catch((error: unknown) => {
      if (!(error instanceof NobodyHasError)) throw error;
      throw new UserError(`no peer has ${wanted}: ${advice}`, { cause: error });
    });
    const rejection = verifyFirst(trust, found.value, env.now(), env.params, env.bls);
    if (rejection === undefined) return found.value;
    if (rejection.kind === "expired" || rejection.kind === "future")
      throw refusal(found.value, rejection.kind, options);
    if (others.has(found.peerId)) throw new UserError(`${others.size} peers have no ${wanted}: ${advice}`);
    others.add(found.peerId);
  }
}

/**
 * The block of an offer, verified from the trusted one without believing anybody. Who gives a block that does not verify is charged, and
 * another peer is asked.
 * @returns undefined when the chain has another block at that height.
 * @throws NobodyHasError
 */
export async function verifyFrom(
  trusted: LightBlock,
  offer: { readonly height: number; readonly blockId: Uint8Array },
  options: CheckpointOptions,
): Promise<LightBlock | undefined> {
  const isLater = offer.height > trusted.header.height;
  const block = isLater ? await forward(trusted, offer.height, options) : await back(trusted, offer, options);
  return block !== undefined && equalBytes(offer.blockId, lightBlockId(block)) ? block : undefined;
}

async function forward(trusted: LightBlock, height: number, options: CheckpointOptions): Promise<LightBlock> {
  const { source, env, penalise } = options;
  let reason = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const givers = new Map<number, string>();
    const fetched = async (at: number): Promise<LightBlock> => {
      const { value, peerId } = await source.lightBlock(at);
      givers.set(at, peerId);
      return value;
    };
    const target = await fetched(height);
    const steps = skipping(trusted, target, env);
    let step = steps.next();
    while (step.done !== true) step = steps.next(await fetched(step.value));
    if (step.value.ok) return target;
    // Each is verified from one that has been verified: the fault is the giver's, unless it is this machine's clock's.
    const { height: at, rejection } = step.value;
    const giver = givers.get(at);
    ({ reason } = rejection);
    if (rejection.kind === "expired") throw refusal(trusted, "expired", options);
    if (rejection.kind === "invalid" && giver !== undefined) penalise(giver, LIE, reason);
  }
  throw new NobodyHasError(`no peer gave block ${height} in a form that verifies: ${reason}`);
}

/** The past does not expire: each header names its parent, and the trusted block's own id binds them all. */
async function back(
  trusted: LightBlock,
  { height, blockId }: { readonly height: number; readonly blockId: Uint8Array },
  { source, env, penalise }: CheckpointOptions,
): Promise<LightBlock | undefined> {
  if (height === trusted.header.height) return trusted;
  let next = trusted.header;
  while (next.height > height + 1) {
    const headers = await source.headersBelow(next.height - 1, next.parentId, next.height - 1 - height);
    next = headers.at(-1) ?? next;
  }
  const isOfChain = equalBytes(blockId, next.height === height ? Header.hashTreeRoot(next) : next.parentId);
  if (!isOfChain) return undefined;
  const params = { ...env.params, trustingPeriod: Number.POSITIVE_INFINITY };
  let reason = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { value, peerId } = await source.lightBlock(height);
    const rejection = verifyFirst({ height, blockId }, value, env.now(), params, env.bls);
    if (rejection === undefined) return value;
    ({ reason } = rejection);
    penalise(peerId, LIE, reason);
  }
  throw new NobodyHasError(`no peer gave block ${height} in a form that verifies: ${reason}`);
}
