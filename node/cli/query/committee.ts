import { BitArray } from "@chainsafe/ssz";
import { equalBytes, fromHex, toHex } from "../../../chain/bytes.ts";
import { ZERO_32 } from "../../../chain/types/primitives.ts";
import { ValidatorSet } from "../../../chain/types/validator.ts";
import { rpcProvider } from "../../../client/light-provider.ts";
import { inferenceQueries } from "../../../client/queries.ts";
import { committeeSeed, drawSeats } from "../../../modules/inference/draw.ts";
import { countSeats } from "../../../modules/inference/seats.ts";
import type { QueryCommitteeResponse } from "../../../proto/inference-query.ts";
import { UserError } from "../../user-error.ts";
import { decodeAnyAddress } from "../addresses.ts";
import type { Asked } from "./row.ts";

interface DrawnCommittee {
  /** Of the set that voted on the block of the request: hex. */
  readonly root: string;
  readonly tier: number;
  /** In the order of the set. */
  readonly validators: readonly { readonly operator: string; readonly power: string; readonly seat: string }[];
  /** Present where there was a draw, which has been made again here from these. */
  readonly draw?: { readonly height: number; readonly beacon: string; readonly seats: number };
}

function bits(bytes: Uint8Array, count: number): BitArray {
  if (bytes.length !== Math.ceil(count / 8)) throw new UserError("the node's seats are not of its validators");
  return new BitArray(bytes, count);
}

function setOf({ validators, root }: QueryCommitteeResponse): ValidatorSet {
  const set = validators.map(({ operator, identityKey, voteKey, power }) => ({
    operator: decodeAnyAddress(operator),
    identityKey,
    voteKey,
    power,
  }));
  if (equalBytes(ValidatorSet.hashTreeRoot(set), root)) return set;
  throw new UserError("the node's validators are not those of the root that it gives");
}

/**
 * Who answers for a job, with the draw made again from the set, those eligible, and the beacon.
 * @param beacon of the block `answer.drawHeight`; not asked for where there was no draw.
 * @throws UserError where the answer is not what is drawn.
 */
export function describeCommittee(answer: QueryCommitteeResponse, job: string, beacon: Uint8Array): DrawnCommittee {
  const set = setOf(answer);
  const eligible = bits(answer.eligible, set.length);
  const drawn = bits(answer.drawn, set.length);
  const seats = bits(answer.seats, set.length);
  const height = Number(answer.drawHeight);
  const seatOf = (index: number): string => {
    if (drawn.get(index)) return height === 0 ? "asked" : "drawn";
    if (seats.get(index)) return "asked late";
    return eligible.get(index) ? "not drawn" : "not of the tier";
  };
  const committee = {
    root: toHex(answer.root),
    tier: answer.tier,
    validators: answer.validators.map(({ operator, power }, index) => ({
      operator,
      power: String(power),
      seat: seatOf(index),
    })),
  };
  if (height === 0) return committee;
  const count = countSeats(drawn);
  const again = drawSeats(committeeSeed(beacon, fromHex(job)), set, eligible, count);
  if (!equalBytes(again.uint8Array, answer.drawn)) {
    throw new UserError(`the beacon of block ${height} draws others than the node says`);
  }
  return { ...committee, draw: { height, beacon: toHex(beacon), seats: count } };
}

/** Who answers for a job. @throws UserError where the node's answer is not what the header of its block has drawn. */
export async function committeeOf({ node, comet }: Asked, job: string): Promise<DrawnCommittee> {
  const answer = await inferenceQueries(comet).committee(job);
  const height = Number(answer.drawHeight);
  const header = height === 0 ? undefined : (await rpcProvider(node).lightBlock(height))?.header;
  if (height !== 0 && header?.height !== height) {
    throw new UserError(`the node has no block ${height}, from whose beacon they were drawn`);
  }
  return describeCommittee(answer, job, header?.beacon ?? ZERO_32);
}
