import type { Any } from "cosmjs-types/google/protobuf/any";
import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import { moduleAddress } from "../../../modules/auth/keeper.ts";
import { proposals, STATUS } from "../../../modules/gov/store.ts";
import { validators } from "../../../modules/staking/store.ts";
import type { StateReader } from "../../../state/store.ts";
import type { Random } from "../../simulation/random.ts";
import { type Actor, DENOM, type Keys, PREFIX } from "./chain.ts";

/** What an operation may look at to be likely to succeed; it need not. */
export interface Scene {
  readonly random: Random;
  readonly reader: StateReader;
  /** Who takes part; newcomers are added. */
  readonly actors: Actor[];
  readonly keys: Keys;
  readonly genesisRoot: Uint8Array;
  readonly height: number;
  readonly time: number;
  /** Counts what must be new. */
  fresh(): number;
}

/** A generator for each message, with how often it is drawn. */
export type Operations = Readonly<Record<string, readonly [weight: number, operation: Operation]>>;

/** One message of a type, ready to be wrapped; undefined where there is nothing to do it with. */
export type Operation = (scene: Scene) => Uint8Array | undefined;

export const ASSAY = 1_000_000n;
export const coin = (amount: bigint | number, denom = DENOM) => ({ denom, amount: String(amount) });
export const GOVERNOR = encodeAddress(PREFIX, moduleAddress("gov"));
export const accountOf = (address: Uint8Array): string => encodeAddress(PREFIX, address);
export const valoperOf = (address: Uint8Array): string => encodeAddress(`${PREFIX}valoper`, address);

export const someone = ({ random, actors }: Scene): Actor => random.pick(actors);

/** Mostly some ASSAY; now and then dust, one unit, or more than anybody has. */
export function amountOf({ random }: Scene): bigint {
  const kind = random.next();
  if (kind < 0.1) return BigInt(1 + random.int(1000));
  if (kind < 0.13) return 10n ** 19n;
  if (kind < 0.14) return 0n;
  return BigInt(1 + random.int(40)) * ASSAY + (kind < 0.5 ? BigInt(random.int(1_000_000)) : 0n);
}

export function someOperator({ random, reader, actors }: Scene): string {
  const known = validators.entries(reader);
  if (known.length === 0 || random.chance(0.03)) return random.pick(actors).valoper;
  return valoperOf(random.pick(known)[0]);
}

export function pickEntry<T>(random: Random, entries: readonly T[]): T | undefined {
  return entries.length === 0 ? undefined : random.pick(entries);
}

const voteNames = ["OPTION_YES", "OPTION_ABSTAIN", "OPTION_NO", "OPTION_NO_WITH_VETO"] as const;
export const VOTES = voteNames.map((_, i) => i + 1);

export function someProposal({ random, reader }: Scene, wanted: number = STATUS.voting): bigint {
  const known = proposals.entries(reader);
  const open = known.filter(([, { status }]) => status === wanted);
  const [number] = pickEntry(random, random.chance(0.9) ? open : known) ?? [random.int(5)];
  return BigInt(number);
}

/** A message or key among others. */
export const any = (typeUrl: string, value: Uint8Array): Any => ({ typeUrl, value });
