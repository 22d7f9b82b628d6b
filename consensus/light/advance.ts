import type { LightBlock } from "../../chain/types/light-block.ts";
import { type LightBls, type LightParams, type Rejection, verifyAdjacent, verifyLater } from "./verify.ts";

/** What verification runs with. */
export interface LightEnv {
  readonly params: LightParams;
  readonly bls: LightBls;
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/**
 * `trace` leads from the block trusted before to the new one, both included: each is verified from the one in front of it.
 */
export type Advance =
  | { readonly ok: true; readonly trace: readonly LightBlock[] }
  | { readonly ok: false; readonly height: number; readonly rejection: Rejection };

/** Verification in steps: it yields the height of a block that it needs and is given that block. No waiting is done in here. */
export type Steps<T> = Generator<number, T, LightBlock>;

function rejected(block: LightBlock, rejection: Rejection): Advance {
  return { ok: false, height: block.header.height, rejection };
}

/** Whether a source gave what it was asked for. */
function heightFault(height: number, { header }: LightBlock): Rejection | undefined {
  if (header.height === height) return undefined;
  return { kind: "invalid", reason: `block ${header.height} was given for block ${height}` };
}

/** Every header from the trusted one to the target. */
export function* sequentially(trusted: LightBlock, target: LightBlock, env: LightEnv): Steps<Advance> {
  const trace = [trusted];
  let last = trusted;
  while (last !== target) {
    const height = last.header.height + 1;
    const block: LightBlock = height >= target.header.height ? target : yield height;
    const fault = heightFault(height, block) ?? verifyAdjacent(last, block, env.now(), env.params, env.bls);
    if (fault !== undefined) return rejected(block, fault);
    trace.push(block);
    last = block;
  }
  return { ok: true, trace };
}

/**
 * The target if the trusted block can vouch for it; otherwise the block half way first, and so on. Blocks that wait for their turn
 * are kept, at most one for each halving. A chain that changes its whole set at every height makes this sequential.
 */
export function* skipping(trusted: LightBlock, target: LightBlock, env: LightEnv): Steps<Advance> {
  const trace = [trusted];
  const waiting = [target];
  let last = trusted;
  for (let block = waiting.at(-1); block !== undefined; block = waiting.at(-1)) {
    const rejection = verifyLater(last, block, env.now(), env.params, env.bls);
    if (rejection === undefined) {
      trace.push(block);
      last = block;
      waiting.pop();
      continue;
    }
    if (rejection.kind !== "unvouched") return rejected(block, rejection);
    const from = last.header.height;
    // More than one apart, since the next block is vouched for or invalid.
    const height = from + Math.floor((block.header.height - from) / 2);
    const between = yield height;
    const fault = heightFault(height, between);
    if (fault !== undefined) return rejected(between, fault);
    waiting.push(between);
  }
  return { ok: true, trace };
}
