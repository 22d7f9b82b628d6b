import { sdkError } from "../../chain/errors.ts";
import type { Context } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import type { StateReader, StateWriter } from "../../state/store.ts";
import { accountText } from "../addresses.ts";
import { ensureAccount, lockedCoins, trackDelegation, trackUndelegation } from "../auth/keeper.ts";
import { balances, supplies } from "./store.ts";

/**
 * No denomination has more base units than this, so that the voting power of all stake stays below 2^60, the bound
 * within which proposer priorities can't overflow.
 */
export const MAX_SUPPLY = 10n ** 24n;

/** Zero for what was never there. */
export function balance(reader: StateReader, address: Uint8Array, denom: string): bigint {
  return balances.get(reader, [address, denom]) ?? 0n;
}

export function supply(reader: StateReader, denom: string): bigint {
  return supplies.get(reader, denom) ?? 0n;
}

/** What an account can send: what it holds, less what is not vested. @param time milliseconds since the Unix epoch. */
export function spendable(reader: StateReader, address: Uint8Array, denom: string, time: number): bigint {
  const locked = lockedCoins(reader, address, time).find((coin) => coin.denom === denom)?.amount ?? 0n;
  const free = balance(reader, address, denom) - locked;
  return free > 0n ? free : 0n;
}

/** `5uassay,7uother`; empty for none. */
export function formatCoins(coins: readonly Coin[]): string {
  return coins.map(({ denom, amount }) => `${amount}${denom}`).join(",");
}

function setBalance(writer: StateWriter, address: Uint8Array, denom: string, amount: bigint): void {
  if (amount === 0n) balances.delete(writer, [address, denom]);
  else balances.set(writer, [address, denom], amount);
}

function setSupply(writer: StateWriter, denom: string, amount: bigint): void {
  if (amount === 0n) supplies.delete(writer, denom);
  else supplies.set(writer, denom, amount);
}

function positive(coins: readonly Coin[]): readonly Coin[] {
  for (const { denom, amount } of coins) if (amount < 0n) throw new Error(`a negative amount of ${denom}: ${amount}`);
  return coins.filter(({ amount }) => amount > 0n);
}

/** @param locked what stays where it is: may be more than the account holds. */
function subtract(ctx: Context, from: Uint8Array, coins: readonly Coin[], locked: readonly Coin[]): void {
  for (const { denom, amount } of coins) {
    const held = balance(ctx.store, from, denom);
    const free = held - (locked.find((coin) => coin.denom === denom)?.amount ?? 0n);
    const spendable = free > 0n ? free : 0n;
    if (spendable < amount) {
      throw sdkError("insufficientFunds", `spendable balance ${spendable}${denom} is smaller than ${amount}${denom}`);
    }
    setBalance(ctx.store, from, denom, held - amount);
  }
  ctx.emit("coin_spent", ["spender", accountText(ctx.block.spec, from)], ["amount", formatCoins(coins)]);
}

function add(ctx: Context, to: Uint8Array, coins: readonly Coin[]): void {
  for (const { denom, amount } of coins) {
    setBalance(ctx.store, to, denom, balance(ctx.store, to, denom) + amount);
  }
  ensureAccount(ctx, to);
  ctx.emit("coin_received", ["receiver", accountText(ctx.block.spec, to)], ["amount", formatCoins(coins)]);
}

/**
 * Moves coins; the receiver's account is made if need be. Nothing happens for no coins.
 * @throws TxError sdk 5, possibly after some of the coins were taken: let it fail the transaction.
 */
export function transfer(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[]): void {
  move(ctx, from, to, coins, lockedCoins(ctx.store, from, ctx.block.time));
}

/** Moves a coin from a delegator to a pool. Coins that are not vested yet may be staked. @throws TxError sdk 5 */
export function delegateCoin(ctx: Context, delegator: Uint8Array, pool: Uint8Array, coin: Coin): void {
  move(ctx, delegator, pool, [coin], []);
  trackDelegation(ctx.store, delegator, coin, ctx.block.time);
}

/** Moves a coin from a pool back to the delegator. */
export function undelegateCoin(ctx: Context, pool: Uint8Array, delegator: Uint8Array, coin: Coin): void {
  move(ctx, pool, delegator, [coin], []);
  trackUndelegation(ctx.store, delegator, coin);
}

function move(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[], locked: readonly Coin[]): void {
  const moved = positive(coins);
  if (moved.length === 0) return;
  subtract(ctx, from, moved, locked);
  add(ctx, to, moved);
  const { spec } = ctx.block;
  ctx.emit(
    "transfer",
    ["recipient", accountText(spec, to)],
    ["sender", accountText(spec, from)],
    ["amount", formatCoins(moved)],
  );
}

/** Makes coins. Exceeding MAX_SUPPLY is a fault of the caller. */
export function mint(ctx: Context, to: Uint8Array, coins: readonly Coin[]): void {
  const made = positive(coins);
  if (made.length === 0) return;
  for (const { denom, amount } of made) {
    const total = supply(ctx.store, denom) + amount;
    if (total > MAX_SUPPLY) throw new Error(`a supply of ${total}${denom} is above ${MAX_SUPPLY}`);
    setSupply(ctx.store, denom, total);
  }
  add(ctx, to, made);
  ctx.emit("coinbase", ["minter", accountText(ctx.block.spec, to)], ["amount", formatCoins(made)]);
}

/** Destroys coins. @throws TxError sdk 5 */
export function burn(ctx: Context, from: Uint8Array, coins: readonly Coin[]): void {
  const burnt = positive(coins);
  if (burnt.length === 0) return;
  subtract(ctx, from, burnt, []);
  for (const { denom, amount } of burnt) setSupply(ctx.store, denom, supply(ctx.store, denom) - amount);
  ctx.emit("burn", ["burner", accountText(ctx.block.spec, from)], ["amount", formatCoins(burnt)]);
}

/**
 * Costs the gas of a transfer between two accounts that have coins, and takes nothing from the first: a simulation
 * must find its sender's balance untouched. Its writes are for a store that is dropped.
 */
export function rehearseTransfer(ctx: Context, from: Uint8Array, to: Uint8Array, denom: string): void {
  lockedCoins(ctx.store, from, ctx.block.time);
  const held = balance(ctx.store, from, denom);
  setBalance(ctx.store, from, denom, held);
  setBalance(ctx.store, to, denom, balance(ctx.store, to, denom) + 1n);
  ensureAccount(ctx, to);
}
