import { MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TxError } from "../../chain/errors.ts";
import { writeParams } from "../../chain/executor/chain-state.ts";
import { parameterTable } from "../../genesis/parameters.ts";
import { presetParams } from "../../genesis/presets.ts";
import { changedParams } from "../../modules/params/change.ts";
import { delegate } from "../../modules/staking/delegations.ts";
import { NO, submit, vote, YES } from "./gov/proposing.ts";
import { accountOf, addressOf, createNetwork, MODULES, type Network, valoperOf } from "./network.ts";

const M = 1_000_000n;
const TABLE = parameterTable(MODULES);
const LOCAL = Object.fromEntries(
  Object.entries(presetParams("local", MODULES)).map(([name, text]) => [name, BigInt(text)]),
);

function tried(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
  }
}

/** Some life, so that a change meets stake that moves, validators that miss blocks, and proposals in each state. */
function live(net: Network, turn: number): void {
  tried(() => delegate(net.context(), addressOf("ann"), addressOf(turn % 2 === 0 ? "a" : "b"), 3n * M));
  const amount = { denom: "uassay", amount: M.toString() };
  const message = { delegatorAddress: accountOf("ann"), validatorAddress: valoperOf("a"), amount };
  tried(() => net.run(MsgUndelegate.typeUrl, MsgUndelegate.encode(message).finish()));
  let id = 0;
  tried(() => {
    id = submit(net, { deposit: 20n * M, expedited: turn % 3 === 0 });
  });
  tried(() => vote(net, id, "a", turn % 2 === 0 ? YES : NO));
  net.block({ after: 7000, gasWanted: BigInt(turn) * 1_000_000n, missing: turn % 4 === 3 ? ["c"] : [] });
}

test("whatever change the rules allow, the chain goes on and nothing that must hold is broken", () => {
  const entry = fc.constantFrom(...TABLE.keys()).chain((name) => {
    const { min, max } = TABLE.get(name) ?? { min: 0n, max: 0n };
    const value = fc.oneof(fc.constantFrom(min, max), fc.bigInt({ min, max }));
    return fc.record({ name: fc.constant(name), value });
  });
  fc.assert(
    fc.property(fc.array(fc.array(entry, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 }), (lists) => {
      const net = createNetwork({
        validators: { a: 10n * M, b: 20n * M, c: 5n * M },
        balances: { ann: 2000n * M },
        params: LOCAL,
      });
      net.block();
      for (const [turn, changes] of lists.entries()) {
        tried(() => writeParams(net.store, changedParams(TABLE, net.params, changes)));
        live(net, turn);
        expect(net.violations()).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});
