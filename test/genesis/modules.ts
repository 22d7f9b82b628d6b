import type { Report } from "../../chain/module.ts";
import { defineParams } from "../../chain/params.ts";
import type { GenesisModule } from "../../genesis/document.ts";

const bank = defineParams("bank", {});
const staking = defineParams("staking", {
  unbondingTime: {
    unit: "ms",
    default: 1_814_400_000n,
    min: 1000n,
    max: 10_000_000_000n,
    doc: "How long unbonding takes.",
  },
  maxValidators: { unit: "count", default: 100n, min: 1n, max: 1024n, doc: "Members of the set at most." },
});

/** Two modules with what the genesis code sees of one. The first complains about everything but an empty section. */
export function testModules(): GenesisModule[] {
  return [
    {
      name: "bank",
      params: bank,
      genesis: {
        validate(section: unknown, spec: { prefix: string; denom: string }, report: Report) {
          const { balances = [] } = section as { balances?: unknown[] };
          for (const [i, balance] of balances.entries()) {
            if (balance === "bad") report(`balances[${i}]`, `is no balance of ${spec.denom}`);
          }
        },
      },
    },
    {
      name: "staking",
      params: staking,
      genesis: {
        validate(section: unknown, _spec: unknown, report: Report) {
          // Names the path in full, as a module may.
          if (section === null) report("staking", "is null");
        },
      },
    },
  ];
}
