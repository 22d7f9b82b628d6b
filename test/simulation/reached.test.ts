import { expect, test } from "vitest";
import { Header } from "../../chain/types/header.ts";
import { STRATEGIES } from "./all-strategies.ts";
import type { SimulationOptions } from "./options.ts";
import { scenarioOf } from "./scenario.ts";
import { createSimulator } from "./simulate.ts";
import { FIELDS, invalidBlocks } from "./strategies/invalid-blocks.ts";
import type { Strategy } from "./strategy.ts";

const simulator = createSimulator();

/** One faulty validator of four with one strategy, and a network that loses and delays. */
function runWith(strategy: Strategy, seed: number, changes: Partial<SimulationOptions> = {}) {
  return simulator.run({ ...scenarioOf({ seed, nodes: 4 }), byzantine: [[strategy]], realBls: false, ...changes });
}

/** Seeds until it has acted; undefined when it has not in any of them. */
async function firstAct(strategy: Strategy, seeds: number): Promise<number | undefined> {
  for (let seed = 0; seed < seeds; seed++) {
    const { violations, byzantineActs } = await runWith(strategy, seed);
    expect([strategy.name, seed, violations]).toEqual([strategy.name, seed, []]);
    if (byzantineActs > 0) return seed;
  }
  return undefined;
}

test.each(STRATEGIES.map((strategy) => [strategy.name, strategy] as const))(
  "%s does what it is for",
  async (_, strategy) => {
    expect(await firstAct(strategy, 40)).toBeDefined();
  },
);

test("planted fault: a strategy that does nothing is seen to do nothing", async () => {
  const idle: Strategy = { name: "idle", instead: (_, message) => [message] };
  expect(await firstAct(idle, 5)).toBeUndefined();
});

test("each field of the header is wrong in some proposal, and no such block is ever decided", async () => {
  const falsified = new Set<string>();
  const watched: Strategy = {
    ...invalidBlocks,
    instead(actor, message, to) {
      const said = invalidBlocks.instead?.(actor, message, to) ?? [message];
      for (const one of said) {
        if (!("proposal" in one) || !("proposal" in message)) continue;
        const [wrong, right] = [one.proposal.block.header, message.proposal.block.header];
        for (const field of FIELDS) {
          const [a, b] = [
            Header.fields[field].toJson(wrong[field] as never),
            Header.fields[field].toJson(right[field] as never),
          ];
          if (a !== b) falsified.add(field);
        }
      }
      return said;
    },
  };
  for (let seed = 0; seed < 60 && falsified.size < FIELDS.length; seed++) {
    const { violations } = await runWith(watched, seed, { heights: 4 });
    expect([seed, violations]).toEqual([seed, []]);
  }
  expect([...falsified].sort()).toEqual([...FIELDS].sort());
});
