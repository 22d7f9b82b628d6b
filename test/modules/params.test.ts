import {
  QueryParamsRequest as SdkRequest,
  QueryParamsResponse as SdkResponse,
} from "cosmjs-types/cosmos/params/v1beta1/query";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { consensusParams } from "../../chain/consensus-params.ts";
import { paramsRoot, readParams } from "../../chain/executor/chain-state.ts";
import { checkRules, parameterTable } from "../../genesis/parameters.ts";
import { presetParams } from "../../genesis/presets.ts";
import { govParams } from "../../modules/gov/params.ts";
import { changedParams } from "../../modules/params/change.ts";
import { MsgUpdateParams, QueryParamsRequest, QueryParamsResponse } from "../../proto/params.ts";
import { changeParams } from "./gov/proposing.ts";
import { createNetwork, MODULES, type Network, refusal } from "./network.ts";

const TABLE = parameterTable(MODULES);

const change = (net: Network, changes: Readonly<Record<string, bigint>>) =>
  net.run(MsgUpdateParams.typeUrl, changeParams(changes).value);

function refused(net: Network, changes: Readonly<Record<string, bigint>>): string {
  const before = net.dump();
  const { code, text } = refusal(() => change(net, changes)) ?? { code: "", text: "" };
  expect(net.dump()).toEqual(before);
  return `${code} ${text}`;
}

describe("a change of parameters", () => {
  test("holds from the next block on: everything in one block sees the same values", () => {
    const net = createNetwork();
    const seen: bigint[] = [];
    const look = (): number => seen.push(govParams.read(net.context().block.params).quorum);
    net.block();
    look();
    change(net, { "gov.quorum": 400_000n });
    look();
    // A second one in the same block builds upon the first.
    change(net, { "gov.vetoThreshold": 500_000n });
    look();
    net.block();
    look();
    expect(seen).toEqual([334_000n, 334_000n, 334_000n, 400_000n]);
    expect(govParams.read(net.params).vetoThreshold).toBe(500_000n);
  });

  test("says what changed", () => {
    const { events } = change(createNetwork(), { "gov.quorum": 400_000n });
    expect(events).toEqual([
      {
        type: "update_param",
        attributes: [
          ["name", "gov.quorum"],
          ["from", "334000"],
          ["to", "400000"],
        ],
      },
    ]);
  });

  test("is refused with the reason, and then nothing changes", () => {
    const net = createNetwork();
    expect(refused(net, {})).toMatch(/^params\/4 .*: submitted parameter changes are empty$/);
    expect(refused(net, { "gov.quorun": 1n })).toMatch(
      /^params\/2 no parameter gov\.quorun.*gov\.quorum.*: unknown subspace$/,
    );
    expect(refused(net, { "gov.quorum": 1_000_001n })).toMatch(
      /^params\/3 gov\.quorum = 1000001 ppm is out of range: 0 to 900000: failed to set parameter$/,
    );
    const { value } = changeParams({ "gov.quorum": 1n });
    const { authority, changes } = MsgUpdateParams.decode(value);
    const twice = MsgUpdateParams.encode({ authority, changes: [...changes, ...changes] }).finish();
    expect(refusal(() => net.run(MsgUpdateParams.typeUrl, twice))?.text).toMatch(/gov\.quorum stands twice/);
  });

  test("that breaks a rule of genesis is refused, unless the other parameter changes with it", () => {
    const net = createNetwork();
    const time = net.params.get("staking.unbondingTime") ?? 0n;
    expect(refused(net, { "consensus.evidenceMaxAgeTime": time })).toMatch(
      /^params\/3 staking\.unbondingTime must be more than consensus\.evidenceMaxAgeTime = .*stake could leave before the evidence/,
    );
    change(net, { "consensus.evidenceMaxAgeTime": time, "staking.unbondingTime": 2n * time });
  });
});

test("whatever is changed, the table's ranges and the rules hold, or nothing changes", () => {
  const overrides = Object.entries(presetParams("local", MODULES));
  const start = new Map([...TABLE].map(([name, row]) => [name, row.default]));
  for (const [name, value] of overrides) start.set(name, BigInt(value));
  const name = fc.constantFrom(...TABLE.keys());
  const entry = name.chain((one) => {
    const { min, max } = TABLE.get(one) ?? { min: 0n, max: 0n };
    return fc.record({ name: fc.constant(one), value: fc.bigInt({ min: min > 0n ? min - 1n : 0n, max: max + 1n }) });
  });
  fc.assert(
    fc.property(fc.array(fc.array(entry, { minLength: 1, maxLength: 3 }), { maxLength: 20 }), (lists) => {
      let params: ReadonlyMap<string, bigint> = start;
      for (const changes of lists) {
        const wanted = new Map([...params, ...changes.map((one) => [one.name, one.value] as const)]);
        if (refusal(() => changedParams(TABLE, params, changes)) === undefined) {
          params = changedParams(TABLE, params, changes);
          expect(new Map(params)).toEqual(wanted);
        }
        for (const [one, value] of params) {
          const row = TABLE.get(one);
          expect(row !== undefined && value >= row.min && value <= row.max).toBe(true);
        }
        checkRules(params, (path, message) => expect.unreachable(`${path} ${message}`));
      }
    }),
    { numRuns: 50 },
  );
});

test("a value of any size comes through the wire", () => {
  const edges = [2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...edges), fc.bigInt(0n, 2n ** 33n), fc.bigInt(0n, 2n ** 64n - 1n)),
      (value) => {
        const { changes } = MsgUpdateParams.decode(changeParams({ "gov.quorum": value }).value);
        expect(changes).toEqual([{ name: "gov.quorum", value }]);
      },
    ),
    { numRuns: 300 },
  );
});

test("a parameter that the state does not hold has its default", () => {
  const without = new Map([...TABLE].map(([name, row]) => [name, row.default + 0n]));
  without.delete("consensus.blockInterval");
  expect(consensusParams.read(without).blockInterval).toBe(TABLE.get("consensus.blockInterval")?.default);
});

describe("the queries of parameters", () => {
  const net = createNetwork({ params: { "gov.quorum": 400_000n } });

  test("tell all of them with what they mean, or one module's", () => {
    const ask = (module: string) =>
      QueryParamsResponse.decode(
        net.query("/assay.params.v1.Query/Params", QueryParamsRequest.encode({ module }).finish()),
      );
    const { params, paramsRoot: root } = ask("");
    expect(params.map(({ name }) => name)).toEqual([...TABLE.keys()]);
    expect(root).toEqual(paramsRoot(readParams(net.store)));
    expect(ask("gov").params.every(({ name }) => name.startsWith("gov."))).toBe(true);
    expect(ask("gov").params.find(({ name }) => name === "gov.quorum")).toEqual({
      name: "gov.quorum",
      value: 400_000n,
      unit: "ppm",
      min: 0n,
      max: 900_000n,
      default: 334_000n,
      doc: "Least part of all bonded stake that has to vote.",
    });
  });

  test("answer the Cosmos SDK's request for one", () => {
    const ask = (subspace: string, key: string) =>
      SdkResponse.decode(
        net.query("/cosmos.params.v1beta1.Query/Params", SdkRequest.encode({ subspace, key }).finish()),
      ).param;
    expect(ask("gov", "quorum")).toEqual({ subspace: "gov", key: "quorum", value: '"400000"' });
    expect(() => ask("gov", "none")).toThrow("parameter gov.none: key not found");
    expect(() => ask("", "quorum")).toThrow("invalid request");
  });
});
