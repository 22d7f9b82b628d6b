import type { LightBlock } from "../chain/types/light-block.ts";
import { type Advance, type LightEnv, type Steps, sequentially, skipping } from "../consensus/light/advance.ts";
import { type Comparison, compare, type Divergence, isSameBlock } from "../consensus/light/divergence.ts";
import { createTrustedStore, type TrustedStore } from "../consensus/light/trusted-store.ts";
import {
  checkLightParams,
  type Fraction,
  isExpired,
  type LightBls,
  type LightParams,
  ONE_THIRD,
  type Rejection,
  type TrustRoot,
  verifyFirst,
  verifyParent,
} from "../consensus/light/verify.ts";
import { aggregateVerifier } from "./bls.ts";
import { LightClientError } from "./errors.ts";
import type { LightProvider } from "./light-provider.ts";

/** Times in milliseconds. */
export interface LightClientOptions {
  /** 32 bytes; names the network. */
  readonly genesisRoot: Uint8Array;
  /** A block that you have from somebody you trust, and that is younger than the trusting period. */
  readonly trust: TrustRoot;
  /** Well below the chain's `staking.unbondingTime`; two thirds of it, say. */
  readonly trustingPeriod: number;
  readonly primary: LightProvider;
  /** Asked for the same blocks, to find a primary that leads astray. One honest one is enough; without any, nobody looks. */
  readonly witnesses?: readonly LightProvider[];
  /** 1/3 if not given. */
  readonly trustLevel?: Fraction;
  /** 10,000 if not given. */
  readonly clockDrift?: number;
  /** Verifies every header instead of skipping as far as possible. */
  readonly sequential?: boolean;
  /** Verified blocks that are kept; 1,000 if not given. */
  readonly maxBlocks?: number;
  /** JavaScript if not given; a node's native one is fifty times as fast. */
  readonly bls?: LightBls;
  readonly now?: () => number;
  /** How often, and after how long, a witness that does not have a block yet is asked again. */
  readonly witnessPatience?: { readonly attempts: number; readonly waitMs: number };
}

/** The primary and a witness both have certified blocks of one height, and they differ. */
export class LightClientAttack extends LightClientError {
  /** Against the primary; the witness has been sent it. */
  readonly againstPrimary: Divergence;
  /** Against the witness, unless it can't be derived any more; the primary has been sent it. */
  readonly againstWitness: Divergence | undefined;
  constructor(message: string, againstPrimary: Divergence, againstWitness: Divergence | undefined) {
    super(message);
    this.name = "LightClientAttack";
    this.againstPrimary = againstPrimary;
    this.againstWitness = againstWitness;
  }
}

/** Calls run one after the other. Nothing is trusted that has not been verified from what was trusted before. */
export interface LightClient {
  readonly primary: LightProvider;
  readonly witnesses: readonly LightProvider[];
  /** The highest verified block. */
  readonly latest: LightBlock;
  /** A verified block that is still kept. */
  trusted(height: number): LightBlock | undefined;
  /** Verifies the primary's tip. Returns the highest verified block, which is the one before if nothing is new. */
  update(): Promise<LightBlock>;
  /**
   * Verifies one block, later or earlier than what is trusted. One that no block below can vouch for any more is reached backwards,
   * header by header.
   */
  verify(height: number): Promise<LightBlock>;
}

/** A provider that is at fault and gets replaced: another may do better. */
class ProviderFault extends LightClientError {}

/** Headers that are followed backwards for one call: whoever asks for an old block must not keep the client busy for ever. */
const MAX_BACKWARDS = 10_000;
const DEFAULT_PATIENCE = { attempts: 3, waitMs: 1000 };

const wait = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @returns undefined when the provider does not have it. */
async function askFor(from: LightProvider, height: number): Promise<LightBlock | undefined> {
  const block = await from.lightBlock(height);
  if (block === undefined || block.header.height === height) return block;
  throw new ProviderFault(`${from.name} gave block ${block.header.height} for block ${height}`);
}

async function fetchBlock(from: LightProvider, height: number): Promise<LightBlock> {
  const block = await askFor(from, height);
  if (block === undefined) throw new ProviderFault(`${from.name} does not have block ${height}`);
  return block;
}

/** Carries a verification out with a provider's blocks. */
async function drive<T>(steps: Steps<T>, from: LightProvider): Promise<T> {
  let step = steps.next();
  // The number of steps is bounded by the number of heights.
  while (step.done !== true) step = steps.next(await fetchBlock(from, step.value));
  return step.value;
}

/** Nobody's fault but time's: it ends the client, and no other provider helps. */
function expiredError(reason: string): LightClientError {
  return new LightClientError(`${reason}: start again from a block that somebody you trust vouches for`);
}

function rejectionError(name: string, height: number, { kind, reason }: Rejection): LightClientError {
  if (kind === "expired") return expiredError(reason);
  return new ProviderFault(`${name} gave a block ${height} that does not verify: ${reason}`);
}

/**
 * Starts from a block that is trusted and follows the chain from there by signatures alone.
 *
 * @throws LightClientError when the primary and all witnesses fail to give the trusted block, or it has expired. Later calls throw it
 * when trust has expired, when no provider is left, when no witness can confirm a block; and LightClientAttack.
 * @example
 * const client = await createLightClient({ genesisRoot, trust, trustingPeriod: 14 * 86_400_000, primary, witnesses });
 * const { header } = await client.update();
 */
export async function createLightClient(options: LightClientOptions): Promise<LightClient> {
  const { trustLevel = ONE_THIRD, clockDrift = 10_000, genesisRoot, trustingPeriod, now = Date.now } = options;
  const params: LightParams = { genesisRoot, trustLevel, trustingPeriod, clockDrift };
  checkLightParams(params);
  const env: LightEnv = { params, bls: options.bls ?? aggregateVerifier(), now };
  const patience = options.witnessPatience ?? DEFAULT_PATIENCE;
  const advanceBy = options.sequential === true ? sequentially : skipping;
  const store: TrustedStore = createTrustedStore(options.maxBlocks ?? 1000);
  let primary = options.primary;
  let witnesses = [...(options.witnesses ?? [])];
  /** Whoever asked for witnesses goes on with none only knowingly. */
  const isWatched = witnesses.length > 0;
  let queue: Promise<unknown> = Promise.resolve();

  function drop(witness: LightProvider): void {
    witnesses = witnesses.filter((one) => one !== witness);
  }

  /** Does something with the primary; one that fails is replaced by the first witness, and it is tried again. */
  async function withPrimary<T>(use: (from: LightProvider) => Promise<T>): Promise<T> {
    for (;;) {
      const from = primary;
      try {
        return await use(from);
      } catch (error) {
        if (error instanceof LightClientError && !(error instanceof ProviderFault)) throw error;
        const [next] = witnesses;
        if (next === undefined) {
          throw new LightClientError(`no provider is left: ${textOf(error)}`, { cause: error });
        }
        primary = next;
        drop(next);
      }
    }
  }

  /** The witness's block, or undefined when it does not come. */
  async function askWitness(witness: LightProvider, height: number): Promise<LightBlock | undefined> {
    for (let attempt = 1; ; attempt++) {
      const block = await witness.lightBlock(height);
      if (block !== undefined || attempt >= patience.attempts) return block;
      await wait(patience.waitMs);
    }
  }

  async function attack(
    from: LightProvider,
    witness: LightProvider,
    found: Extract<Comparison, { kind: "divergence" }>,
  ): Promise<never> {
    const { divergence, theirs } = found;
    let inTurn: Comparison;
    try {
      inTurn = await drive(compare(theirs, divergence.conflicting, env), from);
    } catch (error) {
      inTurn = { kind: "faulty", reason: textOf(error) };
    }
    const againstWitness = inTurn.kind === "divergence" ? inTurn.divergence : undefined;
    const sent = await Promise.allSettled([
      witness.report?.(divergence),
      againstWitness === undefined ? undefined : from.report?.(againstWitness),
    ]);
    const lost = sent.flatMap((one) => (one.status === "rejected" ? [textOf(one.reason)] : []));
    const { commonHeight, conflicting } = divergence;
    const { height } = conflicting.header;
    throw new LightClientAttack(
      `${from.name} and ${witness.name} have different certified blocks ${height}; block ${commonHeight} is the last one they share` +
        (lost.length === 0 ? "" : `; evidence could not be delivered: ${lost.join(", ")}`),
      divergence,
      againstWitness,
    );
  }

  /** Compares what was verified with every witness. Throws for an attack, and when there are witnesses and none of them confirms. */
  async function crossCheck(from: LightProvider, trace: readonly LightBlock[]): Promise<void> {
    const target = trace.at(-1);
    if (target === undefined || !isWatched) return;
    const { height } = target.header;
    if (witnesses.length === 0) throw new LightClientError(`no witness is left to confirm block ${height}`);
    let confirmed = 0;
    const answers = await Promise.allSettled(witnesses.map((witness) => askWitness(witness, height)));
    const doubts: string[] = [];
    for (const [index, witness] of [...witnesses].entries()) {
      const answer = answers[index];
      if (answer?.status !== "fulfilled") {
        doubts.push(`${witness.name}: ${textOf(answer?.reason)}`);
        continue;
      }
      if (answer.value === undefined) {
        doubts.push(`${witness.name} does not have block ${height}`);
      } else if (isSameBlock(answer.value, target)) {
        confirmed += 1;
      } else {
        const found = await drive(compare(trace, answer.value, env), witness).catch(
          (error: unknown): Comparison => ({ kind: "faulty", reason: textOf(error) }),
        );
        if (found.kind === "divergence") await attack(from, witness, found);
        else doubts.push(`${witness.name}: ${found.reason}`);
        drop(witness);
      }
    }
    if (confirmed === 0) throw new LightClientError(`no witness confirms block ${height}: ${doubts.join("; ")}`);
  }

  async function reach(from: LightProvider, trusted: LightBlock, target: LightBlock): Promise<LightBlock> {
    const { height } = target.header;
    const advance: Advance = await drive(advanceBy(trusted, target, env), from);
    if (!advance.ok) throw rejectionError(from.name, advance.height, advance.rejection);
    await crossCheck(from, advance.trace);
    for (const block of advance.trace) store.add(block);
    return store.get(height) ?? target;
  }

  /** A block that somebody asks for may not be there yet, or any more: that is the primary's fault only if a witness has it. */
  async function fetchTarget(from: LightProvider, height: number): Promise<LightBlock> {
    const block = await askFor(from, height);
    if (block !== undefined) return block;
    const others = await Promise.allSettled(witnesses.map((witness) => askFor(witness, height)));
    const reason = `${from.name} does not have block ${height}`;
    const isHeld = others.some((one) => one.status === "fulfilled" && one.value !== undefined);
    throw isHeld ? new ProviderFault(reason) : new LightClientError(reason);
  }

  /** By the parent that each header names. Nothing of it is kept. */
  async function reachBack(from: LightProvider, trusted: LightBlock, height: number): Promise<LightBlock> {
    const steps = trusted.header.height - height;
    if (steps > MAX_BACKWARDS) {
      throw new LightClientError(
        `block ${height} is ${steps} blocks before the next trusted one, at most ${MAX_BACKWARDS} are followed: trust an earlier block`,
      );
    }
    let block = trusted;
    while (block.header.height > height) {
      const parent = await fetchBlock(from, block.header.height - 1);
      const rejection = verifyParent(block, parent, params, env.bls);
      if (rejection !== undefined) throw rejectionError(from.name, parent.header.height, rejection);
      block = parent;
    }
    return block;
  }

  function required(block: LightBlock | undefined): LightBlock {
    if (block === undefined) throw new Error("a light client always trusts a block");
    return block;
  }

  function checkAlive(): void {
    const { header } = required(store.latest);
    if (!isExpired(header, now(), params)) return;
    throw expiredError(`the highest trusted block ${header.height} is older than ${trustingPeriod} ms`);
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = queue.then(work);
    queue = done.catch(() => undefined); // Whoever asked is told; the next one is not held up.
    return done;
  }

  await withPrimary(async (from) => {
    const block = await fetchBlock(from, options.trust.height);
    const rejection = verifyFirst(options.trust, block, now(), params, env.bls);
    if (rejection !== undefined) throw rejectionError(from.name, options.trust.height, rejection);
    store.add(block);
  });

  return {
    get primary() {
      return primary;
    },
    get witnesses() {
      return witnesses;
    },
    get latest() {
      return required(store.latest);
    },
    trusted: (height) => store.get(height),
    update: () =>
      inTurn(async () => {
        checkAlive();
        return withPrimary(async (from) => {
          const latest = required(store.latest);
          const tip = await from.lightBlock();
          if (tip === undefined) throw new ProviderFault(`${from.name} has no block`);
          return tip.header.height <= latest.header.height ? latest : reach(from, latest, tip);
        });
      }),
    verify: (height) =>
      inTurn(async () => {
        if (!(Number.isSafeInteger(height) && height >= 1)) throw new LightClientError(`${height} is no height`);
        const known = store.get(height);
        if (known !== undefined) return known;
        checkAlive();
        return withPrimary(async (from) => {
          const below = store.upTo(height);
          const canVouch = below !== undefined && !isExpired(below.header, now(), params);
          if (canVouch) return reach(from, below, await fetchTarget(from, height));
          const above = store.above(height);
          if (above === undefined) throw expiredError(`nothing that is trusted can vouch for block ${height} any more`);
          return reachBack(from, above, height);
        });
      }),
  };
}
