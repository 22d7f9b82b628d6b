import { toHex } from "../../chain/bytes.ts";
import type { ChainSpec, Module, Report } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import { moduleAccountAt } from "../auth/keeper.ts";
import { failOnReport, readAddress, readAmount, readList, readObject, readText } from "../genesis-section.ts";
import { MAX_SUPPLY, mint } from "./keeper.ts";

/** The other half is for what genesis validators stake, which comes on top of balances. */
export const MAX_GENESIS_BALANCES = MAX_SUPPLY / 2n;
const DENOM = /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/;

interface Allocation {
  readonly address: Uint8Array;
  readonly coins: readonly Coin[];
}

function readCoin(value: unknown, path: string, report: Report): Coin | undefined {
  const fields = readObject(value, path, report, ["denom", "amount"]);
  if (fields === undefined) return undefined;
  const denom = readText(fields.get("denom"), `${path}.denom`, report, 128);
  const amount = readAmount(fields.get("amount"), `${path}.amount`, report);
  if (denom !== undefined && !DENOM.test(denom)) report(`${path}.denom`, `"${denom}" is no denomination`);
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

function readSection(section: unknown, spec: Pick<ChainSpec, "prefix">, report: Report): readonly Allocation[] {
  const fields = readObject(section, "bank", report, ["balances"]);
  if (fields === undefined) return [];
  const allocations: Allocation[] = [];
  const seen = new Set<string>();
  const totals = new Map<string, bigint>();
  readList(fields.get("balances"), "bank.balances", report).forEach((entry, i) => {
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

/** `{balances: [{address, coins: [{denom, amount}]}]}`; the supply is their sum and what genesis validators stake. */
export const genesis: Module["genesis"] = {
  validate(section, spec, report) {
    readSection(section, spec, report);
  },
  init(ctx, section) {
    for (const { address, coins } of readSection(section, ctx.block.spec, failOnReport)) mint(ctx, address, coins);
  },
};
