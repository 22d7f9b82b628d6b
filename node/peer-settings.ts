import type { SavedAddress } from "../p2p/address-book.ts";
import type { NetworkOptions } from "../p2p/network.ts";
import type { NodeConfig } from "./config.ts";

/** What the settings say of peers, as the network takes it. `known`: what an earlier process has known. */
export function peerSettings(
  { p2p }: NodeConfig,
  known: readonly SavedAddress[],
): Pick<NetworkOptions, "listen" | "peers" | "privatePeers" | "isPrivate" | "discovery"> {
  const { listen, peers, privatePeers, bootstrap, outbound, externalAddress } = p2p;
  const common = { listen, peers, privatePeers, isPrivate: p2p.private };
  if (p2p.private || !p2p.exchange) return common;
  return {
    ...common,
    discovery: {
      outbound,
      bootstrap,
      externalAddress: externalAddress === "" ? undefined : externalAddress,
      allowPrivate: p2p.allowPrivate,
      known,
    },
  };
}
