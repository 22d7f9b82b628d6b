import { decodeAddress, encodeAddress } from "../chain/crypto/bech32.ts";
import { consensusAddress } from "../chain/crypto/hash.ts";
import { GRPC, QueryError, sdkError } from "../chain/errors.ts";
import type { ChainSpec } from "../chain/module.ts";

type Prefix = Pick<ChainSpec, "prefix">;

export function accountText(spec: Prefix, address: Uint8Array): string {
  return encodeAddress(spec.prefix, address);
}

/** The `valoper` form of an operator's account address. */
export function operatorText(spec: Prefix, operator: Uint8Array): string {
  return encodeAddress(`${spec.prefix}valoper`, operator);
}

/** The `valcons` form of an identity key's consensus address. */
export function consensusText(spec: Prefix, identityKey: Uint8Array): string {
  return encodeAddress(`${spec.prefix}valcons`, consensusAddress(identityKey));
}

function decoded(prefix: string, text: string, what: string): Uint8Array {
  const address = decodeAddress(prefix, text);
  if (address !== undefined) return address;
  throw sdkError("invalidAddress", `${what} "${text.slice(0, 100)}" is not a ${prefix}1… address of 20 bytes`);
}

/** @throws TxError sdk 7 */
export function parseAccount(spec: Prefix, text: string, what: string): Uint8Array {
  return decoded(spec.prefix, text, what);
}

/** @throws TxError sdk 7 */
export function parseOperator(spec: Prefix, text: string, what = "validator"): Uint8Array {
  return decoded(`${spec.prefix}valoper`, text, what);
}

function queried(prefix: string, text: string): Uint8Array {
  const address = decodeAddress(prefix, text);
  if (address !== undefined) return address;
  throw new QueryError(
    GRPC.invalidArgument,
    text === "" ? "empty address string is not allowed" : `"${text.slice(0, 100)}" is not a ${prefix}1… address`,
  );
}

/** @throws QueryError InvalidArgument */
export function queryAccount(spec: Prefix, text: string): Uint8Array {
  return queried(spec.prefix, text);
}

/** @throws QueryError InvalidArgument */
export function queryOperator(spec: Prefix, text: string): Uint8Array {
  return queried(`${spec.prefix}valoper`, text);
}

/** @throws QueryError InvalidArgument */
export function queryConsensus(spec: Prefix, text: string): Uint8Array {
  return queried(`${spec.prefix}valcons`, text);
}
