import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import { PRECOMMIT, PREVOTE } from "../../chain/types/vote.ts";
import { proposalRoot, voteRoot } from "../../chain/vote-signing.ts";
import { SignStateError } from "../../consensus/signer/sign-state.ts";
import { createSigner, type FileSigner, SigningRefusedError } from "../../consensus/signer/signer.ts";
import { bls, type Member, members, spec } from "./fixture.ts";

const { key } = members([1n])[0] as Member;
const blockId = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);

let folder: string;
let path: string;
let signers: FileSigner[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-signer-"));
  path = join(folder, "sign-state");
  signers = [];
});

afterEach(() => {
  for (const signer of signers) signer.close();
  rmSync(folder, { recursive: true });
});

function open(): FileSigner {
  const signer = createSigner({ path, secretKey: key, genesisRoot: spec.genesisRoot });
  signers.push(signer);
  return signer;
}

const at = (height: number, round: number, id = blockId) => ({ height, round, blockId: id });

test("signatures verify under their domains", async () => {
  const signer = open();
  const proposal = { ...at(5, 0), polRound: 0 };
  const verify = (message: Uint8Array, signature: Uint8Array) =>
    bls.verify({ publicKey: key.publicKey, message, signature });
  expect(verify(proposalRoot(proposal, spec.genesisRoot), await signer.signProposal(proposal))).toBe(true);
  expect(verify(voteRoot(PREVOTE, at(5, 0), spec.genesisRoot), await signer.signVote(PREVOTE, at(5, 0)))).toBe(true);
  expect(verify(voteRoot(PRECOMMIT, at(5, 0), spec.genesisRoot), await signer.signVote(PRECOMMIT, at(5, 0)))).toBe(
    true,
  );
  expect(verify(randaoRoot(5, spec.genesisRoot), await signer.randaoReveal(5))).toBe(true);
});

test("what was signed last is signed again byte for byte, also after a restart", async () => {
  const first = await open().signVote(PREVOTE, at(5, 2));
  expect(await open().signVote(PREVOTE, at(5, 2))).toEqual(first);
});

const REFUSED: readonly (readonly [string, (signer: FileSigner) => Promise<Uint8Array>])[] = [
  ["another block at the same place", (signer) => signer.signVote(PREVOTE, at(5, 2, other))],
  ["an earlier step", (signer) => signer.signProposal({ ...at(5, 2), polRound: 0 })],
  ["an earlier round", (signer) => signer.signVote(PRECOMMIT, at(5, 1))],
  ["an earlier height", (signer) => signer.signVote(PRECOMMIT, at(4, 9))],
];

test.each(REFUSED)("refuses %s, also after a restart", async (_name, sign) => {
  const signer = open();
  const signature = await signer.signVote(PREVOTE, at(5, 2));
  await expect(sign(signer)).rejects.toThrow(SigningRefusedError);
  await expect(sign(open())).rejects.toThrow(/the last signature was for height 5, round 2, prevote/);
  expect(await signer.signVote(PREVOTE, at(5, 2))).toEqual(signature);
});

test("goes on with later steps, rounds and heights", async () => {
  const signer = open();
  await signer.signVote(PRECOMMIT, at(5, 2));
  await signer.signProposal({ ...at(5, 3, other), polRound: 0 });
  await signer.signVote(PREVOTE, at(6, 0, other));
  await expect(open().signVote(PRECOMMIT, at(5, 3))).rejects.toThrow("height 6");
});

test("two requests at once are judged one after the other", async () => {
  const signer = open();
  const results = await Promise.allSettled([
    signer.signVote(PREVOTE, at(5, 0)),
    signer.signVote(PREVOTE, at(5, 0, other)),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
});

test("a damaged file refuses to open, whatever bit of either slot it is", async () => {
  const signer = open();
  await signer.signVote(PREVOTE, at(5, 0));
  await signer.signVote(PRECOMMIT, at(5, 0));
  const whole = readFileSync(path);
  for (const slot of [0, 512]) {
    for (let byte = 0; byte < 4 + 8 + 8 + 4 + 1 + 32 + 96; byte += 7) {
      const flipped = Uint8Array.from(whole);
      flipped[slot + byte] = (flipped[slot + byte] ?? 0) ^ 0x10;
      writeFileSync(path, flipped);
      expect(() => open(), `byte ${slot + byte}`).toThrow(SignStateError);
    }
  }
  writeFileSync(path, whole);
  truncateSync(path, 1000);
  expect(() => open()).toThrow(/has 1000 bytes/);
});

test("a crash while the file was made leaves none, and the next start makes it; an empty one is refused", async () => {
  writeFileSync(`${path}.tmp`, "half of it");
  expect(open().lastSigned).toBeUndefined();
  expect(readFileSync(path).length).toBe(1024);
  writeFileSync(path, "");
  expect(() => open()).toThrow(/has 0 bytes.*Make sure that no other machine signs with this key/);
});
