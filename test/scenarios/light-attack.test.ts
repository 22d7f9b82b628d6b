import { expect, test } from "vitest";
import { equalBytes } from "../../chain/bytes.ts";
import { makeCommit } from "../../chain/commit.ts";
import { createBls } from "../../chain/crypto/bls.ts";
import { Header } from "../../chain/types/header.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { PRECOMMIT } from "../../chain/types/vote.ts";
import { voteRoot } from "../../chain/vote-signing.ts";
import { rpcProvider } from "../../client/light-provider.ts";
import { genesisRoot } from "../../genesis/root.ts";
import { consensusText } from "../../modules/addresses.ts";
import { genesisDocument } from "../../node/cli/genesis-document.ts";
import { homePaths } from "../../node/home.ts";
import { loadVoteKey } from "../../node/keys/node-keys.ts";
import { useNetwork } from "./network.ts";

const network = useNetwork({ offset: 5800, params: { "consensus.emptyBlockInterval": 250n } });
/** Their keys sign another block than the chain's: half of the power, with which a light client can be deceived. */
const ATTACKERS = [2, 3];

/** A header that no correct validator signs, since its parameters do not follow from its parent, certified by the attackers alone. */
async function forged(block: LightBlock): Promise<LightBlock> {
  const root = genesisRoot(await genesisDocument(network.rpc(0)));
  const header = { ...block.header, paramsRoot: new Uint8Array(32).fill(1) };
  const { height, round } = block.commit;
  const data = { height, round, blockId: Header.hashTreeRoot(header) };
  const votes = ATTACKERS.map((i) => {
    const node = network.local.nodes[i];
    if (node === undefined) throw new Error(`no node ${i}`);
    const key = loadVoteKey(homePaths(node.home).voteKey);
    const validatorIndex = block.validators.findIndex(({ voteKey }) => equalBytes(voteKey, key.publicKey));
    return { type: PRECOMMIT, ...data, validatorIndex, signature: key.sign(voteRoot(PRECOMMIT, data, root)) };
  });
  return { header, commit: makeCommit(votes, block.validators, createBls()), validators: block.validators };
}

test("who deceives light clients is slashed for the evidence that one of them hands in", async () => {
  await network.waitForHeight(0, 5);
  const provider = rpcProvider(network.rpc(0));
  const block = await provider.lightBlock(4);
  if (block === undefined) throw new Error("no block 4");
  const height = await network.height(0);

  await expect(provider.report?.({ commonHeight: 3, trusted: block, conflicting: block })).resolves.toBeUndefined();
  await provider.report?.({ commonHeight: 3, trusted: block, conflicting: await forged(block) });
  const slash = await network.event(0, height, "a slash", ({ type }) => type === "slash");
  const slashes = await network.events(0, height, slash.height, ({ type }) => type === "slash");
  const guilty = slashes.map(({ attributes }) => `${attributes.address} ${attributes.reason}`);
  const attackers = (await forged(block)).commit.signers.getTrueBitIndexes();
  const addresses = attackers.map((index) =>
    consensusText(network.local, block.validators[index]?.identityKey ?? ZERO_32),
  );
  expect(guilty.toSorted()).toEqual(addresses.map((address) => `${address} light_client_attack`).toSorted());
  await network.waitForHeight(0, slash.height + 3);
  const later = await provider.lightBlock();
  expect(later?.validators).toHaveLength(2);
});
