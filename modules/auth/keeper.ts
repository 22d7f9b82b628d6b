import { equalBytes, toHex, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { sdkError } from "../../chain/errors.ts";
import type { ChainSpec, Context } from "../../chain/module.ts";
import type { StateReader, StateWriter } from "../../state/store.ts";
import { accountText, parseAccount } from "../addresses.ts";
import { type PublicKey, parseMultisig } from "./public-key.ts";
import { accounts, multisigKeys, nextAccountNumber } from "./store.ts";

export interface Account {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** 33 bytes of compressed secp256k1, or empty before the first transaction and where several keys sign together. */
  readonly publicKey: Uint8Array;
  readonly accountNumber: number;
  readonly sequence: number;
}

/** An account that no key controls. The permissions are what the Cosmos SDK calls them, for clients that show them. */
export interface ModuleAccount {
  readonly name: string;
  readonly permissions: readonly string[];
}

/** In the order of their account numbers, which genesis hands out from 0, so that no user ever has account 0. */
export const MODULE_ACCOUNTS: readonly ModuleAccount[] = [
  { name: "fee_collector", permissions: [] },
  { name: "bonded_tokens_pool", permissions: ["burner", "staking"] },
  { name: "not_bonded_tokens_pool", permissions: ["burner", "staking"] },
  { name: "inference_escrow", permissions: ["burner"] },
  { name: "inference_held", permissions: [] },
  { name: "distribution", permissions: [] },
  { name: "gov", permissions: [] },
  { name: "gov_deposits", permissions: ["burner"] },
];

/** SHA-256(name)[:20], as in the Cosmos SDK. */
export function moduleAddress(name: string): Uint8Array {
  return sha256(utf8(name)).subarray(0, 20);
}

const BY_ADDRESS: ReadonlyMap<string, ModuleAccount> = new Map(
  MODULE_ACCOUNTS.map((account) => [toHex(moduleAddress(account.name)), account]),
);

/** The module account at an address, or undefined where a user's may be. */
export function moduleAccountAt(address: Uint8Array): ModuleAccount | undefined {
  return BY_ADDRESS.get(toHex(address));
}

export function getAccount(reader: StateReader, address: Uint8Array): Account | undefined {
  const record = accounts.get(reader, address);
  return record === undefined ? undefined : { address, ...record };
}

export function setAccount(writer: StateWriter, account: Account): void {
  const { publicKey, accountNumber, sequence } = account;
  accounts.set(writer, account.address, { publicKey, accountNumber, sequence });
}

/** The account of governance. No key signs for it: what it sends comes out of a proposal that passed. */
export const GOV = moduleAddress("gov");

/** What a message may do that only governance may. @throws TxError sdk 4 or 7 */
export function requireAuthority(spec: Pick<ChainSpec, "prefix">, authority: string): void {
  if (equalBytes(parseAccount(spec, authority, "authority"), GOV)) return;
  throw sdkError("unauthorized", `invalid authority; expected ${accountText(spec, GOV)}, got ${authority}`);
}

/** What is not vested yet, for whoever moves coins. */
export { lockedCoins, trackDelegation, trackUndelegation } from "./vesting.ts";

/** Whose signatures its transactions need; undefined before the first one. */
export function accountPublicKey(reader: StateReader, account: Account): PublicKey | undefined {
  if (account.publicKey.length > 0) return { kind: "single", key: account.publicKey };
  const multisig = multisigKeys.get(reader, account.address);
  return multisig === undefined ? undefined : parseMultisig(multisig);
}

/** The account, made with the next account number if it does not exist. */
export function ensureAccount(ctx: Pick<Context, "store">, address: Uint8Array): Account {
  const known = getAccount(ctx.store, address);
  if (known !== undefined) return known;
  const accountNumber = nextAccountNumber.get(ctx.store) ?? 0;
  nextAccountNumber.set(ctx.store, accountNumber + 1);
  const account: Account = { address, publicKey: new Uint8Array(0), accountNumber, sequence: 0 };
  setAccount(ctx.store, account);
  return account;
}
