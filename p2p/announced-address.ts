import { externalAddressFault, ownAddress, type PeerAddress } from "./peer-address.ts";

/** The address that the node was told to give as its own is of no use; the message says why. */
export class ExternalAddressError extends Error {
  constructor(message: string) {
    super(`p2p.externalAddress ${message}`);
    this.name = "ExternalAddressError";
  }
}

/**
 * What the node tells others of itself: the address it was given, or the one it listens on where others could dial that.
 * Throws ExternalAddressError.
 */
export function announcedAddress(
  { externalAddress, allowPrivate }: { readonly externalAddress?: string | undefined; readonly allowPrivate: boolean },
  listen: string,
  self: string,
): PeerAddress | undefined {
  const fault = externalAddress === undefined ? undefined : externalAddressFault(externalAddress, self);
  if (fault !== undefined) throw new ExternalAddressError(fault);
  const address = ownAddress(externalAddress ?? listen, self);
  if (address === undefined || externalAddress !== undefined || address.scope === "public") return address;
  return address.scope === "private" && allowPrivate ? address : undefined;
}
