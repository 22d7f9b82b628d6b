import { type BlsSecretKey, blsKeyFromSeed, blsSecretKey, createBls } from "../../chain/crypto/bls.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { ChainSpec } from "../../chain/module.ts";
import { type Block, Body } from "../../chain/types/block.ts";
import { Header } from "../../chain/types/header.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import type { Validator } from "../../chain/types/validator.ts";
import { Commit, type Vote, type VoteType } from "../../chain/types/vote.ts";
import { voteRoot } from "../../chain/vote-signing.ts";

export const bls = createBls();

export const spec: ChainSpec = {
  chainId: "assaytest-1",
  genesisRoot: new Uint8Array(32).fill(7),
  prefix: "assay",
  denom: "uassay",
};

export interface Member {
  readonly key: BlsSecretKey;
  readonly validator: Validator;
}

/** Validators in set order, with their keys. Operators ascend, so equal powers keep this order. */
export function members(powers: readonly bigint[]): readonly Member[] {
  return powers.map((power, index) => {
    const key = blsSecretKey(blsKeyFromSeed(new Uint8Array(32).fill(index + 1)));
    const operator = new Uint8Array(20).fill(index + 1);
    return {
      key,
      validator: { operator, identityKey: new Uint8Array(32).fill(index + 1), voteKey: key.publicKey, power },
    };
  });
}

export function signVote(
  member: Member,
  validatorIndex: number,
  type: VoteType,
  data: Pick<Vote, "height" | "round" | "blockId">,
): Vote {
  return { type, ...data, validatorIndex, signature: member.key.sign(voteRoot(type, data, spec.genesisRoot)) };
}

/** A block that is well-formed for consensus; what it means is the fake application's business. */
export function makeBlock(fields: {
  readonly height: number;
  readonly time: number;
  readonly proposerIndex: number;
  readonly parentId: Uint8Array;
  readonly lastCommit?: Commit;
  readonly transactions?: readonly Uint8Array[];
  readonly round?: number;
}): Block {
  const body: Body = {
    ...Body.defaultValue(),
    transactions: [...(fields.transactions ?? [])],
    lastCommit: fields.lastCommit ?? Commit.defaultValue(),
  };
  const { height, time, proposerIndex, parentId, round = 0 } = fields;
  const header: Header = {
    ...Header.defaultValue(),
    version: 1,
    height,
    time,
    proposerIndex,
    parentId,
    bodyRoot: Body.hashTreeRoot(body),
    stateRoot: sha256(parentId),
    round,
  };
  return { header, body };
}

export const idOf = (block: Block): Uint8Array => Header.hashTreeRoot(block.header);
export const NIL = ZERO_32;
