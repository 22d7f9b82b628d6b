import { toHex } from "../../chain/bytes.ts";
import { isDenom } from "../../chain/denom.ts";
import type { ChainSpec, Module, Report } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import { moduleAccountAt } from "../auth/keeper.ts";
import { failOnReport, readAddress, readAmount, readList, readObject, readText } from "../genesis-section.ts";
import { MAX_SUPPLY, mint } from "./keeper.ts";
import { type DenomInfo, ensureOwnInfo, setDenomInfo } from "./metadata.ts";
import { MAX_DESCRIPTION, sendEnabled } from "./store.ts";

/** The other half is for what genesis validators stake, which comes on top of balances. */
export const MAX_GENESIS_BALANCES = MAX_SUPPLY / 2n;

/** Digits after the point that wallets show. */
const MAX_EXPONENT = 30;

interface DenomSwitch {
  readonly denom: string;
  readonly enabled: boolean;
}

interface Section {
  readonly allocations: readonly Allocation[];
  readonly denoms: readonly DenomInfo[];
  readonly switches: readonly DenomSwitch[];
}

interface Allocation {
  readonly address: Uint8Array;
  readonly coins: readonly Coin[];
}

function readCoin(value: unknown, path: string, report: Report): Coin | undefined {
  const fields = readObject(value, path, report, ["denom", "amount"]);
  if (fields === undefined) return undefined;
  const denom = readDenom(fields.get("denom"), `${path}.denom`, report);
  const amount = readAmount(fields.get("amount"), `${path}.amount`, report);
  return denom === undefined || amount === undefined ? undefined : { denom, amount };
}

function readAllocation(value: unknown, path: string, prefix: string, report: Report): Allocation | undefined {
  const fields = readObject(value, path, report, ["address", "coins"]);
  if (fields === undefined) return undefined;
  const address = readAddress(fields.get("address"), `${path}.address`, report, prefix);
  if (address !== undefined && moduleAccountAt(address) !== undefined) {
    report(`${path}.address`, "is a module's account, whose coins come from the module's own section");
  }
  const coins: Coin[] = [];
  const denoms = new Set<string>();
  readList(fields.get("coins"), `${path}.coins`, report).forEach((entry, i) => {
    const coin = readCoin(entry, `${path}.coins[${i}]`, report);
    if (coin === undefined) return;
    if (denoms.has(coin.denom)) report(`${path}.coins[${i}].denom`, `${coin.denom} stands twice`);
    denoms.add(coin.denom);
    coins.push(coin);
  });
  return address === undefined ? undefined : { address, coins };
}

function readDenom(value: unknown, path: string, report: Report): string | undefined {
  const denom = readText(value, path, report, 128);
  if (denom === undefined || isDenom(denom)) return denom;
  report(path, `"${denom}" is no denomination`);
  return undefined;
}

function readDenomInfo(value: unknown, path: string, report: Report): DenomInfo | undefined {
  const names = ["base", "display", "exponent", "name", "symbol", "description"];
  const fields = readObject(value, path, report, names);
  if (fields === undefined) return undefined;
  const [base, display] = ["base", "display"].map((name) => readDenom(fields.get(name), `${path}.${name}`, report));
  const [name, symbol] = ["name", "symbol"].map((key) => readText(fields.get(key), `${path}.${key}`, report, 128));
  const description = readText(fields.get("description") ?? "", `${path}.description`, report, MAX_DESCRIPTION);
  const exponent = fields.get("exponent");
  if (typeof exponent !== "number" || !Number.isInteger(exponent) || exponent < 0 || exponent > MAX_EXPONENT) {
    report(`${path}.exponent`, `must be a whole number from 0 to ${MAX_EXPONENT}`);
    return undefined;
  }
  if (base === undefined || display === undefined || name === undefined || symbol === undefined) return undefined;
  if (description === undefined) return undefined;
  if ((base === display) !== (exponent === 0)) {
    report(`${path}.exponent`, "is 0 where display is the base denomination, and only there");
    return undefined;
  }
  return { base, display, exponent, name, symbol, description };
}

function readSendEnabled(value: unknown, path: string, report: Report): DenomSwitch | undefined {
  const fields = readObject(value, path, report, ["denom", "enabled"]);
  if (fields === undefined) return undefined;
  const denom = readDenom(fields.get("denom"), `${path}.denom`, report);
  const enabled = fields.get("enabled");
  if (typeof enabled !== "boolean") report(`${path}.enabled`, "must be true or false");
  return denom === undefined || typeof enabled !== "boolean" ? undefined : { denom, enabled };
}

/** The readable entries of a list in which no denomination stands twice. */
function readByDenom<T>(
  list: unknown,
  path: string,
  report: Report,
  read: (value: unknown, path: string, report: Report) => T | undefined,
  denomOf: (entry: T) => string,
): readonly T[] {
  const seen = new Set<string>();
  return readList(list, path, report).flatMap((value, i) => {
    const entry = read(value, `${path}[${i}]`, report);
    if (entry === undefined) return [];
    if (seen.has(denomOf(entry))) report(`${path}[${i}]`, `${denomOf(entry)} stands twice`);
    seen.add(denomOf(entry));
    return [entry];
  });
}

function readSection(section: unknown, spec: Pick<ChainSpec, "prefix">, report: Report): Section {
  const fields = readObject(section, "bank", report, ["balances", "denoms", "sendEnabled"]);
  if (fields === undefined) return { allocations: [], denoms: [], switches: [] };
  const denoms = readByDenom(fields.get("denoms"), "bank.denoms", report, readDenomInfo, ({ base }) => base);
  const enabled = fields.get("sendEnabled");
  const switches = readByDenom(enabled, "bank.sendEnabled", report, readSendEnabled, ({ denom }) => denom);
  return { allocations: readBalances(fields.get("balances"), spec, report), denoms, switches };
}

function readBalances(list: unknown, spec: Pick<ChainSpec, "prefix">, report: Report): readonly Allocation[] {
  const allocations: Allocation[] = [];
  const seen = new Set<string>();
  const totals = new Map<string, bigint>();
  readList(list, "bank.balances", report).forEach((entry, i) => {
    const path = `bank.balances[${i}]`;
    const allocation = readAllocation(entry, path, spec.prefix, report);
    if (allocation === undefined) return;
    const key = toHex(allocation.address);
    if (seen.has(key)) report(`${path}.address`, "stands twice");
    seen.add(key);
    for (const { denom, amount } of allocation.coins) totals.set(denom, (totals.get(denom) ?? 0n) + amount);
    allocations.push(allocation);
  });
  for (const [denom, total] of totals) {
    if (total > MAX_GENESIS_BALANCES) {
      report("bank.balances", `the sum of ${total}${denom} is above ${MAX_GENESIS_BALANCES}`);
    }
  }
  return allocations;
}

/**
 * `{balances: [{address, coins: [{denom, amount}]}], denoms: [{base, display, exponent, name, symbol, description}], sendEnabled: [{denom,
 * enabled}]}`; the supply is the sum of balances and what genesis validators stake. The last two lists may be left out.
 */
export const genesis: Module["genesis"] = {
  validate(section, spec, report) {
    readSection(section, spec, report);
  },
  init(ctx, section) {
    const { allocations, denoms, switches } = readSection(section, ctx.block.spec, failOnReport);
    for (const info of denoms) setDenomInfo(ctx.store, info);
    ensureOwnInfo(ctx.store, ctx.block.spec);
    for (const { denom, enabled } of switches) sendEnabled.set(ctx.store, denom, enabled);
    for (const { address, coins } of allocations) mint(ctx, address, coins);
  },
};
