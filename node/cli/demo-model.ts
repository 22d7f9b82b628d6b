import { fileURLToPath } from "node:url";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { connectAssay } from "../../client/assay-client.ts";
import type { LocalNetwork } from "../local-network.ts";
import { UserError } from "../user-error.ts";
import type { Io } from "./command.ts";
import { readModelFile } from "./model-file.ts";
import { registerAndAdmit } from "./register/admission.ts";
import { MAX_DEPOSIT } from "./register/register-model.ts";

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
  const options = { maxDeposit: MAX_DEPOSIT, timeoutMs: TIMEOUT_MS, signal };
  const { model: found, verdicts } = await registerAndAdmit(client, node.rpc, model, options);
  if (found.status !== "ACTIVE") {
    const reasons = verdicts.map(({ operator, text }) => `${operator} ${text}`).join("; ");
    throw new UserError(
      `the validators have not admitted ${model.manifest.name}: ${found.failure || "no verdict in time"} (${reasons})`,
    );
  }
  io.out(`model ${model.manifest.name} is active, root ${model.root}`);
}
