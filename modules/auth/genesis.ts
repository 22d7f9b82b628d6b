import { equalBytes, toHex } from "../../chain/bytes.ts";
import { TxError } from "../../chain/errors.ts";
import type { ChainSpec, Context, Module, Report } from "../../chain/module.ts";
import { failOnReport, readAddress, readBase64, readList, readNumber, readObject } from "../genesis-section.ts";
import { readVesting } from "./genesis-vesting.ts";
import { ensureAccount, MODULE_ACCOUNTS, moduleAddress, setAccount } from "./keeper.ts";
import { addressOfKey, type PublicKey, parseMultisig } from "./public-key.ts";
import { MAX_MULTISIG_BYTES, multisigKeys, nextAccountNumber } from "./store.ts";
import { setVesting, type Vesting } from "./vesting.ts";

interface Entry {
  readonly address: Uint8Array;
  readonly accountNumber: number | undefined;
  readonly sequence: number;
  readonly key: PublicKey | undefined;
  readonly vesting: Vesting | undefined;
}

const NUMBERS = [0, 2 ** 48] as const;

function readKey(value: unknown, path: string, report: Report): PublicKey | undefined {
  const bytes = readBase64(value, path, report, MAX_MULTISIG_BYTES);
  if (bytes === undefined) return undefined;
  if (bytes.length === 33) return { kind: "single", key: bytes };
  try {
    return parseMultisig(bytes);
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    report(path, error.message);
    return undefined;
  }
}

function readEntry(value: unknown, path: string, prefix: string, report: Report): Entry | undefined {
  const fields = readObject(value, path, report, ["address", "accountNumber", "sequence", "publicKey", "vesting"]);
  if (fields === undefined) return undefined;
  const address = readAddress(fields.get("address"), `${path}.address`, report, prefix);
  const given = <T>(name: string, read: (field: unknown, at: string) => T): T | undefined =>
    fields.has(name) ? read(fields.get(name), `${path}.${name}`) : undefined;
  const number = (field: unknown, at: string) => readNumber(field, at, report, NUMBERS);
  const accountNumber = given("accountNumber", number);
  const sequence = given("sequence", number) ?? 0;
  const key = given("publicKey", (field, at) => readKey(field, at, report));
  const vesting = given("vesting", (field, at) => readVesting(field, at, report));
  if (address === undefined) return undefined;
  if (key !== undefined && !equalBytes(addressOfKey(key), address)) report(`${path}.publicKey`, "is another address's");
  return { address, accountNumber, sequence, key, vesting };
}

function readSection(section: unknown, { prefix }: Pick<ChainSpec, "prefix">, report: Report): readonly Entry[] {
  const fields = readObject(section, "auth", report, ["accounts"]);
  const addresses = new Set<string>();
  const numbers = new Set<number>();
  return readList(fields?.get("accounts"), "auth.accounts", report).flatMap((value, i) => {
    const path = `auth.accounts[${i}]`;
    const entry = readEntry(value, path, prefix, report);
    if (entry === undefined) return [];
    const { accountNumber } = entry;
    if (addresses.has(toHex(entry.address))) report(`${path}.address`, "stands twice");
    addresses.add(toHex(entry.address));
    if (accountNumber !== undefined) {
      if (numbers.has(accountNumber)) report(`${path}.accountNumber`, `${accountNumber} is taken twice`);
      numbers.add(accountNumber);
    }
    return [entry];
  });
}

function initEntry(ctx: Context, { address, sequence, key, vesting }: Entry): void {
  const account = ensureAccount(ctx, address);
  setAccount(ctx.store, {
    ...account,
    sequence,
    publicKey: key?.kind === "single" ? key.key : account.publicKey,
  });
  if (key?.kind === "multi") multisigKeys.set(ctx.store, address, key.bytes);
  if (vesting !== undefined) setVesting(ctx.store, address, vesting);
}

/**
 * `{accounts?: [{address, accountNumber?, sequence?, publicKey?, vesting?}]}`. A key is 33 bytes, or the protobuf of several, in base64.
 * Accounts that are not listed come into being with their first coins. Those with numbers keep them; after these come module accounts,
 * so that no user has account 0, and then the others.
 */
export const genesis: Module["genesis"] = {
  validate(section, spec, report) {
    readSection(section, spec, report);
  },
  init(ctx, section) {
    const entries = readSection(section, ctx.block.spec, failOnReport);
    let next = 0;
    for (const { address, accountNumber } of entries) {
      if (accountNumber === undefined) continue;
      setAccount(ctx.store, { address, accountNumber, sequence: 0, publicKey: new Uint8Array(0) });
      next = Math.max(next, accountNumber + 1);
    }
    nextAccountNumber.set(ctx.store, next);
    for (const { name } of MODULE_ACCOUNTS) ensureAccount(ctx, moduleAddress(name));
    for (const entry of entries) initEntry(ctx, entry);
  },
};
