import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PRECOMMIT, PREVOTE } from "../../chain/types/vote.ts";
import { createSigner } from "../../consensus/signer/signer.ts";
import { openAttestationStore } from "../../node/attester/attestation-store.ts";
import { loadVoteKey } from "../../node/keys/node-keys.ts";
import { attestationSigner } from "../../node/signer/attestation-signer.ts";
import { signerPaths } from "../../node/signer/signer-home.ts";
import { GENESIS, makeSigner } from "./fixture.ts";

const root = fc.integer({ min: 1, max: 2 }).map((byte) => new Uint8Array(32).fill(byte));
const place = { height: fc.integer({ min: 1, max: 3 }), round: fc.nat({ max: 1 }), blockId: root };
const request = fc.oneof(
  fc.record({ kind: fc.constant("vote" as const), type: fc.constantFrom(PREVOTE, PRECOMMIT), data: fc.record(place) }),
  fc.record({ kind: fc.constant("proposal" as const), data: fc.record({ ...place, polRound: fc.nat({ max: 1 }) }) }),
  fc.record({ kind: fc.constant("randao" as const), height: place.height }),
  fc.record({
    kind: fc.constant("attestation" as const),
    data: fc.record({
      jobId: root,
      committeeRoot: root,
      outputRoot: root,
      direct: fc.boolean(),
      class: fc.integer({ min: 1, max: 3 }),
    }),
  }),
);

test("any sequence of requests gets the same verdicts and signatures as from the built-in signer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 15 }), async (requests) => {
      const setup = await makeSigner();
      const stop = await setup.start();
      const remote = await setup.connect();
      const secretKey = loadVoteKey(signerPaths(setup.home).voteKey);
      const store = await openAttestationStore({ path: join(setup.home, "own-attestations"), keepBlocks: 1000 });
      const own = {
        ...createSigner({ path: join(setup.home, "own-state"), secretKey, genesisRoot: GENESIS }),
        ...attestationSigner(secretKey, GENESIS, store),
      };
      const verdict = async (signer: typeof own, one: (typeof requests)[number]) => {
        const ask = () => {
          if (one.kind === "vote") return signer.signVote(one.type, one.data);
          if (one.kind === "proposal") return signer.signProposal(one.data);
          if (one.kind === "randao") return signer.randaoReveal(one.height);
          return signer.signAttestation(one.data, 1);
        };
        return ask().catch((error: Error) => error.message);
      };
      for (const one of requests) expect(await verdict(remote, one)).toEqual(await verdict(own, one));
      remote.close();
      own.close();
      await store.close();
      await stop();
    }),
    { numRuns: 15 },
  );
});
