import { equalBytes } from "../../chain/bytes.ts";
import { executeBlock } from "../../chain/executor/execute-block.ts";
import { messageRegistry } from "../../chain/executor/runtime.ts";
import type { Event } from "../../chain/module.ts";
import type { Block } from "../../chain/types/block.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { Commit } from "../../chain/types/vote.ts";
import { ante } from "../../modules/auth/ante.ts";
import { supply } from "../../modules/bank/keeper.ts";
import { violations } from "../../modules/invariants.ts";
import { modules } from "../../modules/registry.ts";
import type { StoredBlock } from "../../node/api.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import type { StateReader } from "../../state/store.ts";
import type { World } from "./world.ts";

/** Executes each decided block once more, on a state of its own and by code that no test has tampered with. */
export interface Auditor {
  /** The block of the height after the last one. Reports what breaks a rule. */
  audit(block: Block, commit: Commit): void;
}

/** @param report called with each rule that a decided block breaks. */
export function createAuditor(world: World, report: (violation: string) => void): Auditor {
  const { spec } = world.genesis;
  const runtime = { spec, modules, ante, bls: world.bls };
  const registry = messageRegistry(runtime);
  const store = createMemoryStore({ retention: 0 });
  let parent = { blockId: ZERO_32, commit: Commit.defaultValue() };
  let ready = store.commit(store.prepare(0, world.changes), []);

  async function execute(block: Block, commit: Commit): Promise<void> {
    const { height, stateRoot } = block.header;
    try {
      const executed = executeBlock(runtime, registry, store, parent, block);
      await store.commit(executed.update, []);
      parent = { blockId: executed.blockId, commit };
      if (!equalBytes(store.root, stateRoot)) report(`height ${height}: the state root is not the header's`);
    } catch (error) {
      report(`height ${height}: an invalid block was decided: ${String(error)}`);
    }
  }

  return {
    audit(block, commit) {
      ready = ready.then(() => execute(block, commit));
    },
  };
}

/** Coins that the events say were destroyed. */
function burnt(events: readonly Event[], denom: string): bigint {
  let total = 0n;
  for (const { type, attributes } of events) {
    if (type !== "burn") continue;
    const amount = attributes.find(([key]) => key === "amount")?.[1] ?? "";
    for (const coin of amount.split(",")) if (coin.endsWith(denom)) total += BigInt(coin.slice(0, -denom.length));
  }
  return total;
}

/** What is wrong with the money in a state; `before` is the supply at the height before. */
export function coinFaults(
  state: StateReader,
  { result }: StoredBlock,
  denom: string,
  before: bigint,
): readonly string[] {
  const destroyed = burnt([...result.events, ...result.txs.flatMap(({ events }) => events)], denom);
  const now = supply(state, denom);
  const expected = before - destroyed;
  return [...(now === expected ? [] : [`the supply is ${now}, expected ${expected}`]), ...violations(state, { denom })];
}

export const supplyOf = (state: StateReader, denom: string): bigint => supply(state, denom);
