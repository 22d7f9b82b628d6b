import {
  QueryAppliedPlanRequest,
  QueryAppliedPlanResponse,
  QueryCurrentPlanResponse,
  QueryModuleVersionsRequest,
  QueryModuleVersionsResponse,
} from "cosmjs-types/cosmos/upgrade/v1beta1/query";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import { afterEach, describe, expect, test } from "vitest";
import { InvalidBlockError } from "../../chain/errors.ts";
import { setModuleVersion } from "../../modules/upgrade/handlers.ts";
import { appliedAt, plannedUpgrade } from "../../modules/upgrade/keeper.ts";
import { missingUpgrade, refuseWithoutUpgrade } from "../../node/upgrade.ts";
import { UserError } from "../../node/user-error.ts";
import { AUTHORITY } from "./gov/proposing.ts";
import { createNetwork, type Network, refusal, SKIPPED_HEIGHTS, UPGRADES } from "./network.ts";

const SERVICE = "/cosmos.upgrade.v1beta1.Query";

function plan(net: Network, name: string, height: bigint, info = "") {
  const message = MsgSoftwareUpgrade.fromPartial({ authority: AUTHORITY, plan: { name, height, info } });
  return net.run(MsgSoftwareUpgrade.typeUrl, MsgSoftwareUpgrade.encode(message).finish());
}

afterEach(() => {
  UPGRADES.clear();
  SKIPPED_HEIGHTS.clear();
});

describe("an upgrade", () => {
  test("runs its handler once, first of all in the block of its height", () => {
    const ran: number[] = [];
    UPGRADES.set("v2", (ctx) => {
      ran.push(ctx.block.height);
      setModuleVersion(ctx, "bank", 2);
    });
    const net = createNetwork();
    net.block();
    plan(net, "v2", 3n, "https://example.invalid");
    const current = () => QueryCurrentPlanResponse.decode(net.query(`${SERVICE}/CurrentPlan`, new Uint8Array())).plan;
    expect(current()).toMatchObject({ name: "v2", height: 3n, info: "https://example.invalid" });
    net.block();
    expect(ran).toEqual([]);
    expect(net.block().filter(({ type }) => type === "upgrade_applied")).toHaveLength(1);
    net.block();
    expect(ran).toEqual([3]);
    expect(current()).toBeUndefined();
    const applied = net.query(`${SERVICE}/AppliedPlan`, QueryAppliedPlanRequest.encode({ name: "v2" }).finish());
    expect(QueryAppliedPlanResponse.decode(applied).height).toBe(3n);
    const versions = (moduleName: string) =>
      QueryModuleVersionsResponse.decode(
        net.query(`${SERVICE}/ModuleVersions`, QueryModuleVersionsRequest.encode({ moduleName }).finish()),
      ).moduleVersions;
    expect(versions("bank")).toEqual([{ name: "bank", version: 2n }]);
    expect(versions("").length).toBeGreaterThan(5);
    expect(refusal(() => plan(net, "v2", 99n))?.text).toBe(
      "upgrade with name v2 has already been completed: invalid request",
    );
  });

  test("that this build does not know makes the block of its height invalid, and leaves no trace", () => {
    const net = createNetwork();
    net.block();
    plan(net, "v2", 2n);
    expect(() => net.block()).toThrow(InvalidBlockError);
    expect(plannedUpgrade(net.store)?.name).toBe("v2");
  });

  test("is skipped at a height that the operator names", () => {
    SKIPPED_HEIGHTS.add(2);
    const net = createNetwork();
    net.block();
    plan(net, "v2", 2n);
    expect(net.block().map(({ type }) => type)).toContain("upgrade_skipped");
    expect([plannedUpgrade(net.store), appliedAt(net.store, "v2")]).toEqual([undefined, undefined]);
  });

  test("replaces the one that was planned, and can be called off", () => {
    const net = createNetwork();
    net.block();
    plan(net, "v2", 5n);
    plan(net, "v3", 7n);
    expect(plannedUpgrade(net.store)).toEqual({ name: "v3", height: 7, info: "" });
    const cancel = MsgCancelUpgrade.encode({ authority: AUTHORITY }).finish();
    net.run(MsgCancelUpgrade.typeUrl, cancel);
    net.run(MsgCancelUpgrade.typeUrl, cancel);
    expect(plannedUpgrade(net.store)).toBeUndefined();
  });

  test.each<[string, string, bigint, string, RegExp]>([
    ["no name", "", 9n, "", /name cannot be empty/],
    ["a long name", "x".repeat(141), 9n, "", /a name of more than 140 bytes/],
    ["a long info", "v2", 9n, "x".repeat(10_001), /an info of more than 10000 bytes/],
    ["height 0", "v2", 0n, "", /height must be greater than 0/],
    ["a negative height", "v2", -1n, "", /height must be greater than 0/],
    ["this block", "v2", 1n, "", /upgrade cannot be scheduled in the past/],
    ["a height beyond all", "v2", 2n ** 62n, "", /height 4611686018427387904/],
  ])("is refused with %s", (_name, name, height, info, expected) => {
    const net = createNetwork();
    net.block();
    const before = net.dump();
    const found = refusal(() => plan(net, name, height, info));
    expect([found?.code, found?.text]).toEqual(["sdk/18", expect.stringMatching(expected)]);
    expect(net.dump()).toEqual(before);
  });
});

describe("a node", () => {
  const build = { version: "0.0.1", handlers: UPGRADES };
  const policy = { handlers: UPGRADES, skipHeights: SKIPPED_HEIGHTS };

  test("stops one block before an upgrade that it neither knows nor skips", () => {
    const net = createNetwork();
    net.block();
    plan(net, "v2", 9n, "see there");
    const missing = (tip: number) => missingUpgrade(net.store, tip, policy)?.name;
    expect([missing(7), missing(8), missing(9)]).toEqual([undefined, "v2", undefined]);
    const start = () => refuseWithoutUpgrade(net.store, 8, policy, build);
    expect(start).toThrow(/^UPGRADE "v2" NEEDED at height 9 \(see there\): this is version 0\.0\.1, which/);
    SKIPPED_HEIGHTS.add(9);
    expect(missing(8)).toBeUndefined();
    SKIPPED_HEIGHTS.clear();
    UPGRADES.set("v2", () => undefined);
    start();
  });

  test("does not start on a chain that has gone through an upgrade it does not know", () => {
    UPGRADES.set("v2", () => undefined);
    const net = createNetwork();
    net.block();
    plan(net, "v2", 2n);
    net.block();
    refuseWithoutUpgrade(net.store, 2, policy, build);
    UPGRADES.clear();
    const start = () => refuseWithoutUpgrade(net.store, 2, policy, build);
    expect(start).toThrow(UserError);
    expect(start).toThrow(/under the rules of upgrade "v2" since height 2, which version 0\.0\.1 does not know/);
  });
});
