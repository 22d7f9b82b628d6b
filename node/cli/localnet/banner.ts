import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import { accountPath, DEVELOPMENT_MNEMONIC } from "../../keys/account-key.ts";
import type { LocalNetwork } from "../../local-network.ts";

/** The minimum gas price that nodes take by default (`feemarket.minBaseFee`), as clients write it. */
const GAS_PRICE = "0.025";

/** What a developer needs to use a local network: accounts, endpoints, chain id. */
export function banner(network: LocalNetwork): string {
  const { prefix, denom, nodes } = network;
  const amount = `${network.allowance / 1_000_000n} ${denom.slice(1).toUpperCase()}`;
  const accounts = network.accounts.map((account, i) => {
    return `  (${i}) ${encodeAddress(prefix, account.address)}  ${amount}`;
  });
  const endpoints = nodes.map(({ moniker, ports }) => {
    return `  ${moniker.padEnd(8)} RPC http://127.0.0.1:${ports.rpc}  p2p ${ports.p2p}  metrics http://127.0.0.1:${ports.metrics}/metrics`;
  });
  return [
    `Assay local network (${network.created ? "new" : "resumed"}) in ${network.dir}`,
    "",
    "Accounts (balances at genesis)",
    ...accounts,
    "",
    "Mnemonic (known to everyone: never send anything of value to these accounts)",
    `  ${DEVELOPMENT_MNEMONIC}`,
    `  ${accountPath(0)} to ${accountPath(network.accounts.length - 1)}`,
    "",
    "Nodes",
    ...endpoints,
    "",
    `Chain id   ${network.chainId}`,
    `Gas price  ${GAS_PRICE}${denom}`,
    `Logs       ${nodes[0]?.log.replace("node0", "node*")}`,
    "",
  ].join("\n");
}
