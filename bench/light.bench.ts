import "../node/ssz-hasher.ts";
import { BitArray } from "@chainsafe/ssz";
import { verifyCommit } from "../chain/commit.ts";
import { blsKeyFromSeed, blsSecretKey, createBls } from "../chain/crypto/bls.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { Header } from "../chain/types/header.ts";
import { LightBlock } from "../chain/types/light-block.ts";
import { ValidatorSet } from "../chain/types/validator.ts";
import { Commit, PRECOMMIT } from "../chain/types/vote.ts";
import { voteRoot } from "../chain/vote-signing.ts";
import { aggregateVerifier } from "../client/bls.ts";
import { type LightBls, type LightParams, ONE_THIRD, verifySkipping } from "../consensus/light/verify.ts";
import { type Row, report } from "./report.ts";

/** What a certificate weighs, and how long it takes to check one, by the number of validators, one in ten of whom is absent. */
const SIZES = [4, 16, 64, 128, 512, 1000];

const GENESIS_ROOT = new Uint8Array(32).fill(7);
const PARAMS: LightParams = { genesisRoot: GENESIS_ROOT, trustLevel: ONE_THIRD, trustingPeriod: 1e9, clockDrift: 1000 };
const bls = createBls();

function chainOf(size: number): { readonly first: LightBlock; readonly later: LightBlock } {
  const keys = Array.from({ length: size }, (_, i) =>
    blsSecretKey(blsKeyFromSeed(sha256(Uint8Array.of(i >> 8, i & 255)))),
  );
  const validators = keys.map(({ publicKey }, i) => ({
    operator: sha256(publicKey).subarray(0, 20),
    identityKey: sha256(publicKey),
    voteKey: publicKey,
    power: BigInt(10_000 - i),
  }));
  const validatorsRoot = ValidatorSet.hashTreeRoot(validators);
  const block = (height: number): LightBlock => {
    const header = { ...Header.defaultValue(), version: 1, height, time: height * 1000, validatorsRoot };
    const data = { height, round: 0, blockId: Header.hashTreeRoot(header) };
    const message = voteRoot(PRECOMMIT, data, GENESIS_ROOT);
    const present = keys.map((_, i) => i % 10 !== 9);
    const signature = bls.aggregate(keys.filter((_, i) => present[i]).map((key) => key.sign(message)));
    return { header, commit: { ...data, signers: BitArray.fromBoolArray(present), signature }, validators };
  };
  return { first: block(1), later: block(100) };
}

/** Milliseconds of processor time since a call of `process.cpuUsage`: what else runs on the machine does not count. */
function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Milliseconds of processor time of one of several runs, after some to warm up. */
function time(runs: number, run: () => void): number {
  for (let i = 0; i < runs / 10; i++) run();
  const start = process.cpuUsage();
  for (let i = 0; i < runs; i++) run();
  return cpuSince(start) / runs;
}

function check(reason: unknown): void {
  if (reason !== undefined) throw new Error(`a certificate does not verify: ${JSON.stringify(reason)}`);
}

function firstAndLater(
  make: () => LightBls,
  { later }: ReturnType<typeof chainOf>,
  runs: number,
): readonly [number, number] {
  const fresh = make();
  const start = process.cpuUsage();
  check(verifyCommit(later.commit, later.validators, PARAMS, fresh));
  const first = cpuSince(start);
  return [first, time(runs, () => check(verifyCommit(later.commit, later.validators, PARAMS, fresh)))];
}

const rows: Row[] = [];
for (const size of SIZES) {
  const chain = chainOf(size);
  const { first, later } = chain;
  const [cold, warm] = firstAndLater(createBls, chain, 100);
  const [portableCold, portableWarm] = firstAndLater(aggregateVerifier, chain, 10);
  const answer = LightBlock.deserialize(LightBlock.serialize(later));
  const header = time(50, () => check(verifySkipping(first, answer, 2e5, PARAMS, bls)));
  const of = `${size} validators:`;
  rows.push(
    { name: `${of} certificate`, value: Commit.serialize(later.commit).length, unit: "bytes" },
    { name: `${of} light block`, value: LightBlock.serialize(later).length, unit: "bytes" },
    { name: `${of} check a certificate, blst`, value: warm, unit: "ms", ...(size === 1000 ? { aim: "≤ 3" } : {}) },
    { name: `${of} the same for keys never seen`, value: cold, unit: "ms" },
    { name: `${of} verify a header, skipping, blst`, value: header, unit: "ms" },
    { name: `${of} check a certificate, noble`, value: portableWarm, unit: "ms" },
    { name: `${of} the same for keys never seen`, value: portableCold, unit: "ms" },
  );
}
report("light", rows);
