import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { EncodeObject } from "@cosmjs/proto-signing";
import { possessionSigningRoot } from "../../../chain/types/possession.ts";
import { genesisRoot } from "../../../genesis/root.ts";
import { MsgSetVoteKey } from "../../../proto/staking.ts";
import { homePaths } from "../../home.ts";
import { createVoteKey, type Ed25519Key, loadIdentityKey, loadVoteKey } from "../../keys/node-keys.ts";
import { UserError } from "../../user-error.ts";
import { readJsonFile } from "../client.ts";
import { genesisDocument } from "../genesis-document.ts";
import { message, type Sender } from "./row.ts";

export function voteKeyPath(nodeHome: string): string {
  return homePaths(resolve(nodeHome)).voteKey;
}

/** @throws UserError for a home without one. */
export function identityKeyOf(nodeHome: string): Ed25519Key {
  return loadIdentityKey(homePaths(resolve(nodeHome)).identityKey);
}

/** A new vote key where there is no file yet. */
export function makeVoteKey(path: string): void {
  if (!existsSync(path)) createVoteKey(resolve(path));
}

/** Of the home's own genesis document where it has one, else of the node's. @throws UserError for another chain's. */
async function chainRoot(nodeHome: string, { node, chainId }: Sender): Promise<Uint8Array> {
  const { genesis } = homePaths(resolve(nodeHome));
  const own = existsSync(genesis);
  const document = own ? (readJsonFile(genesis) as Readonly<Record<string, unknown>>) : await genesisDocument(node);
  if (document.chainId !== chainId) {
    throw new UserError(`${own ? genesis : node} is of ${String(document.chainId)}, the transaction for ${chainId}`);
  }
  return genesisRoot(document);
}

/** Binds a vote key to the sender's validator: both keys sign {operator, identity key, vote key}. */
export async function setVoteKeyMessage(nodeHome: string, voteKeyFile: string, sender: Sender): Promise<EncodeObject> {
  const identity = identityKeyOf(nodeHome);
  const vote = loadVoteKey(resolve(voteKeyFile));
  const data = { operator: sender.addressBytes, identityKey: identity.publicKey, voteKey: vote.publicKey };
  const root = possessionSigningRoot(data, await chainRoot(nodeHome, sender));
  const value = MsgSetVoteKey.fromPartial({
    validatorAddress: sender.operator,
    voteKey: vote.publicKey,
    proofOfPossession: vote.sign(root),
    identitySignature: identity.sign(root),
  });
  return message(MsgSetVoteKey, value);
}
