import { fileURLToPath } from "node:url";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { connectAssay } from "../../client/assay-client.ts";
import type { LocalNetwork } from "../local-network.ts";
import type { Io } from "./command.ts";
import { readModelFile, registerAndAdmit } from "./model-file.ts";

const MANIFEST = fileURLToPath(new URL("../../genesis/models/cnn_digits.json", import.meta.url));
const TIMEOUT_MS = 60_000;

/**
 * Registers the digits model on a local network, unless that was done before, and waits until it is active. The first
 * development account pays.
 */
export async function registerDemoModel(network: LocalNetwork, io: Io, signal: AbortSignal): Promise<void> {
  const [node] = network.nodes;
  const [account] = network.accounts;
  if (node === undefined || account === undefined) throw new Error("a local network has a node and an account");
  const wallet = await DirectSecp256k1Wallet.fromKey(account.privateKey, network.prefix);
  const client = await connectAssay(node.rpc, wallet);
  const model = readModelFile(MANIFEST);
  await registerAndAdmit(client, node.rpc, model, network.denom, TIMEOUT_MS, signal);
  io.out(`model ${model.manifest.name} is active, root ${model.root}`);
}
