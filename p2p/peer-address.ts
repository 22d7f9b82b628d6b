import { BlockList } from "node:net";
import { peerIdFromString } from "@libp2p/peer-id";
import { CODE_P2P, type Component, multiaddr } from "@multiformats/multiaddr";

/** An address that can be dialled, in the one form that it has here. */
export interface PeerAddress {
  readonly peerId: string;
  /** `/ip4/192.0.2.1/tcp/26656/p2p/12D3…`, or with `ip6`. */
  readonly address: string;
  /**
   * Whoever holds one address of a group may well hold them all: the /16 of an IPv4 address, the /32 of an IPv6 one.
   * Undefined for private addresses, which are worth nothing to a stranger and are refused unless asked for.
   */
  readonly group: string | undefined;
}

/** `unspecified`: 0.0.0.0 and ::, to listen on. `private`: loopback, local networks, and what else is not for the internet. */
export type AddressScope = "public" | "private" | "unspecified" | "unusable";

export const MAX_ADDRESS_LENGTH = 160;

const UNSPECIFIED = new Set(["0.0.0.0", "::"]);

type Version = "ipv4" | "ipv6";
type Subnets = readonly (readonly [net: string, bits: number])[];

/** A list for each version: an IPv6 rule on mapped addresses would match all of IPv4. */
function lists(ipv4: Subnets, ipv6: Subnets): Readonly<Record<Version, BlockList>> {
  const [four, six] = [new BlockList(), new BlockList()];
  for (const [net, bits] of ipv4) four.addSubnet(net, bits, "ipv4");
  for (const [net, bits] of ipv6) six.addSubnet(net, bits, "ipv6");
  return { ipv4: four, ipv6: six };
}

/** RFC 6890 and its successors, as far as a machine may have such an address. */
const PRIVATE = lists(
  [
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
  ],
  [
    ["::1", 128],
    ["fc00::", 7],
    ["fe80::", 10],
  ],
);

/** Nobody can be dialled there. IPv6 forms of IPv4 addresses are here too, else one machine would have several groups. */
const UNUSABLE = lists(
  [
    ["0.0.0.0", 8],
    ["224.0.0.0", 3],
  ],
  [
    ["::ffff:0:0", 96],
    ["64:ff9b::", 96],
    ["2002::", 16],
    ["ff00::", 8],
  ],
);

/** What an IP address can be used for. */
export function scopeOf(host: string, version: Version): AddressScope {
  if (UNSPECIFIED.has(host)) return "unspecified";
  if (UNUSABLE[version].check(host, version)) return "unusable";
  return PRIVATE[version].check(host, version) ? "private" : "public";
}

interface Place {
  readonly text: string;
  readonly host: string;
  readonly version: Version;
}

function placeOf([host, port, ...rest]: readonly Component[]):
  | { place: Place; rest: readonly Component[] }
  | undefined {
  if (host?.value === undefined || port?.value === undefined) return undefined;
  if ((host.name !== "ip4" && host.name !== "ip6") || port.name !== "tcp" || port.value === "0") return undefined;
  const text = `/${host.name}/${host.value}/tcp/${port.value}`;
  return { place: { text, host: host.value, version: host.name === "ip4" ? "ipv4" : "ipv6" }, rest };
}

function components(text: string): readonly Component[] | undefined {
  if (text.length > MAX_ADDRESS_LENGTH) return undefined;
  try {
    // Through the bytes, which have one form: in text an IPv6 address has many.
    return multiaddr(multiaddr(text).bytes).getComponents();
  } catch {
    return undefined; // Whatever it is that is wrong, it is no address.
  }
}

function isPeerId(text: string): boolean {
  try {
    return peerIdFromString(text).toString() === text;
  } catch {
    return false; // Bytes that are no key.
  }
}

/** The address of a peer as the others tell it, IP, TCP port and peer id; undefined if it is not one. */
export function parsePeerAddress(text: string): (PeerAddress & { readonly scope: AddressScope }) | undefined {
  const found = placeOf(components(text) ?? []);
  if (found === undefined || found.rest.length !== 1) return undefined;
  const [last] = found.rest;
  if (last?.code !== CODE_P2P || last.value === undefined || !isPeerId(last.value)) return undefined;
  const { place } = found;
  const scope = scopeOf(place.host, place.version);
  return {
    peerId: last.value,
    address: `${place.text}/p2p/${last.value}`,
    group: scope === "public" ? groupOf(place) : undefined,
    scope,
  };
}

/** What a multiaddress to listen on or to tell is good for; undefined for a name, or what is no address. */
export function placeScope(text: string): AddressScope | undefined {
  const [host] = components(text) ?? [];
  if (host?.value === undefined || (host.name !== "ip4" && host.name !== "ip6")) return undefined;
  return scopeOf(host.value, host.name === "ip4" ? "ipv4" : "ipv6");
}

/** The group of a connection's other end; undefined for a private one, or what is no IP address. */
export function remoteGroup(address: string): string | undefined {
  const found = placeOf(components(address) ?? []);
  if (found === undefined) return undefined;
  return scopeOf(found.place.host, found.place.version) === "public" ? groupOf(found.place) : undefined;
}

function groupOf({ host, version }: Place): string {
  if (version === "ipv4") return host.split(".").slice(0, 2).join(".");
  const [first = "0", second = "0"] = host.split(":");
  return `${first || "0"}:${second || "0"}`;
}

/**
 * What is wrong with the address that a node is to give as its own, with or without its peer id; undefined if it can be told.
 * @param self the node's peer id; without it, any is let pass.
 */
export function externalAddressFault(text: string, self?: string): string | undefined {
  const found = placeOf(components(text) ?? []);
  if (found === undefined)
    return 'must be an IP address and port that others can dial, like "/ip4/192.0.2.1/tcp/26656"';
  const scope = scopeOf(found.place.host, found.place.version);
  if (scope === "unspecified") return "must be an address that others can dial; 0.0.0.0 and :: are only for p2p.listen";
  if (scope === "unusable") return "must be an address that others can dial, which this one is not";
  const [last, ...more] = found.rest;
  if (last === undefined) return undefined;
  if (last.code !== CODE_P2P || more.length > 0) return "must end with the port, or with /p2p/<this node's peer id>";
  if (self === undefined || last.value === self) return undefined;
  return `names the peer ${last.value}, but this node is ${self}: leave /p2p/… out`;
}

/** The address with the peer id behind it; undefined if that can not be dialled from elsewhere. */
export function ownAddress(place: string, self: string): ReturnType<typeof parsePeerAddress> {
  const found = placeOf(components(place) ?? []);
  return found === undefined ? undefined : parsePeerAddress(`${found.place.text}/p2p/${self}`);
}
