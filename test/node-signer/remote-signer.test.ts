import { chmodSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import { PRECOMMIT, PREVOTE } from "../../chain/types/vote.ts";
import { proposalRoot, voteRoot } from "../../chain/vote-signing.ts";
import { createSigner, SignerAwayError, SigningRefusedError } from "../../consensus/signer/signer.ts";
import { loadVoteKey } from "../../node/keys/node-keys.ts";
import { decodeAnswer, encodeRequest, MAX_REQUEST_BYTES, SIGNER_PROTOCOL } from "../../node/signer/protocol.ts";
import { signerPaths } from "../../node/signer/signer-home.ts";
import { encodeFrame } from "../../p2p/frames.ts";
import { BLS, converse, GENESIS, makeSigner, type SignerSetup } from "./fixture.ts";

const A = new Uint8Array(32).fill(1);
const B = new Uint8Array(32).fill(2);
const at = (height: number, round = 0, blockId = A) => ({ height, round, blockId });
const attestation = (job: number, outputRoot = A, committeeRoot = A) => ({
  jobId: new Uint8Array(32).fill(job),
  committeeRoot,
  outputRoot,
  direct: false,
  class: 1,
});

describe("over the socket", () => {
  test("signatures verify under their domains", async () => {
    const setup = await makeSigner();
    await setup.start();
    const remote = await setup.connect();
    const { publicKey } = remote;
    const holds = (message: Uint8Array, signature: Uint8Array) => BLS.verify({ publicKey, message, signature });
    const proposal = { ...at(5), polRound: 0 };
    expect(holds(proposalRoot(proposal, GENESIS), await remote.signProposal(proposal))).toBe(true);
    expect(holds(voteRoot(PREVOTE, at(5), GENESIS), await remote.signVote(PREVOTE, at(5)))).toBe(true);
    expect(holds(randaoRoot(5, GENESIS), await remote.randaoReveal(5))).toBe(true);
    expect(remote.lastSigned).toEqual({ height: 5, round: 0, step: "prevote" });
    expect(await remote.signAttestation(attestation(1), 5)).toHaveLength(96);
    const entries = Array.from({ length: 256 }, () => ({ jobId: A, hash: B, bucket: 0 }));
    const notes = Array.from({ length: 64 }, () => ({ jobId: A, code: 1 }));
    expect(await remote.signCommitment({ validator: new Uint8Array(20), entries, notes })).toHaveLength(96);
  });

  test("what contradicts or goes back is refused, also after a restart; the same is signed the same again", async () => {
    const setup = await makeSigner();
    const stop = await setup.start();
    const remote = await setup.connect();
    const vote = await remote.signVote(PREVOTE, at(5, 2));
    const attested = await remote.signAttestation(attestation(1), 5);
    const check = async () => {
      const refused = [
        remote.signVote(PREVOTE, at(5, 2, B)),
        remote.signProposal({ ...at(5, 2), polRound: 0 }),
        remote.signVote(PRECOMMIT, at(5, 1)),
        remote.signVote(PRECOMMIT, at(4, 9)),
        remote.signAttestation(attestation(1, B), 5),
        remote.signAttestation(attestation(1, A, B), 99_999),
      ];
      for (const one of refused) await expect(one).rejects.toThrow(SigningRefusedError);
      expect(await remote.signVote(PREVOTE, at(5, 2))).toEqual(vote);
      expect(await remote.signAttestation(attestation(1), 5)).toEqual(attested);
    };
    await check();
    await stop();
    await vi.waitUntil(() => remote.paused);
    await expect(remote.signVote(PREVOTE, at(6))).rejects.toThrow(SignerAwayError);
    await setup.start();
    await vi.waitUntil(() => !remote.paused, { timeout: 5000 });
    await check();
    expect(setup.log.lines.filter(({ message }) => message.startsWith("the signer is away"))).toHaveLength(1);
    expect(setup.log.lines.filter(({ message }) => message.startsWith("REFUSED"))).toHaveLength(12);
  });

  test("one node at a time, and one signer of a home", async () => {
    const setup = await makeSigner();
    await setup.start();
    const first = await setup.connect();
    await expect(setup.connect()).rejects.toThrow(/serves another node/);
    await expect(setup.start()).rejects.toThrow(/in use by another process/);
    expect(await first.signVote(PREVOTE, at(1))).toHaveLength(96);
    first.close();
    const second = await vi.waitUntil(() => setup.connect().catch(() => undefined), { timeout: 5000 });
    await expect(second.signVote(PREVOTE, at(1, 0, B))).rejects.toThrow(SigningRefusedError);
  });

  /** What another node has had signed while the first was away. */
  async function signElsewhere(setup: SignerSetup, height: number): Promise<void> {
    const paths = signerPaths(setup.home);
    const options = { path: paths.signState, secretKey: loadVoteKey(paths.voteKey), genesisRoot: GENESIS };
    const signer = createSigner(options);
    await signer.signVote(PREVOTE, at(height));
    signer.close();
  }

  test("a node sits out the height that another has signed through the signer meanwhile", async () => {
    const setup = await makeSigner();
    const stop = await setup.start();
    let tip = 0;
    const remote = await setup.connect({ tip: () => tip });
    await remote.signVote(PREVOTE, at(1));
    await stop();
    await signElsewhere(setup, 3);
    await setup.start();
    await vi.waitUntil(() => remote.lastSigned?.height === 3, { timeout: 5000 });
    expect(remote.paused).toBe(true);
    tip = 3;
    expect(remote.paused).toBe(false);
  });

  test("a signer whose memory is older than what it signed is not used", async () => {
    const setup = await makeSigner();
    const stop = await setup.start();
    const remote = await setup.connect();
    await remote.signVote(PREVOTE, at(1));
    await stop();
    rmSync(signerPaths(setup.home).signState);
    await setup.start();
    const reasons = () => setup.log.lines.map(({ fields }) => ("reason" in fields ? String(fields.reason) : ""));
    await vi.waitUntil(() => reasons().some((reason) => reason.includes("sign state is older")), { timeout: 5000 });
    expect(remote.paused).toBe(true);
    await expect(remote.signVote(PREVOTE, at(2))).rejects.toThrow(SignerAwayError);
  });
});

describe("refused", () => {
  const hello = (genesisRoot = GENESIS, version = SIGNER_PROTOCOL) =>
    encodeFrame(encodeRequest(0, { kind: "hello", value: { version, genesisRoot } }));
  const vote = encodeFrame(encodeRequest(1, { kind: "vote", value: { type: PREVOTE, data: at(1) } }));
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["another chain", hello(A), /genesis root 0707.* not 0101/],
    ["another version", hello(GENESIS, 9), /version 1 of the protocol, not 9/],
    ["a request before the hello", vote, /hello must come first/],
    ["garbage", encodeFrame(new Uint8Array(40).fill(0xee)), /no request of the protocol/],
    ["an empty frame", encodeFrame(), /no request/],
    ["an oversized frame", Uint8Array.of(0xff, 0xff, 0x7f, 0), /oversize/],
    [
      "a vote of no type",
      encodeFrame(encodeRequest(1, { kind: "vote", value: { type: 3, data: at(1) } })),
      /no request/,
    ],
    ["a request that is too long", encodeFrame(new Uint8Array(MAX_REQUEST_BYTES).fill(6)), /no request/],
  ];
  test.each(cases)("%s, with a reason", async (_name, bytes, reason) => {
    const setup = await makeSigner();
    await setup.start();
    const [said] = await converse(setup.socket, bytes);
    const answer = said && decodeAnswer(said)?.answer;
    expect(answer).toMatchObject({ kind: "refused", reason: expect.stringMatching(reason) });
    // It goes on serving.
    expect((await setup.connect()).paused).toBe(false);
  });

  test("a node of another chain, in one line", async () => {
    const setup = await makeSigner();
    await setup.start();
    await expect(setup.connect({ genesisRoot: A })).rejects.toThrow(/signs for the chain of genesis root 0707/);
  });
});

describe("the socket", () => {
  test("is its owner's alone; a stale one is replaced, anything else is not", async () => {
    const setup = await makeSigner();
    const stop = await setup.start();
    expect([statSync(setup.socket).mode & 0o777, statSync(dirname(setup.socket)).mode & 0o777]).toEqual([0o600, 0o700]);
    await stop();
    writeFileSync(setup.socket, "mine");
    await expect(setup.start()).rejects.toThrow(/in the way of the socket/);
  });

  test("is not taken from a signer that runs, nor put where others can reach it", async () => {
    const one = await makeSigner();
    const two = await makeSigner();
    await one.start();
    const { runSigner } = await import("../../node/signer/run-signer.ts");
    const start = (socket: string) =>
      runSigner({ home: two.home, socket, log: two.log, failpoint: () => undefined, onFault: () => undefined });
    await expect(start(one.socket)).rejects.toThrow(/held by a signer that runs/);
    chmodSync(dirname(one.socket), 0o755);
    await expect(start(one.socket)).rejects.toThrow(/run chmod 700/);
  });
});
