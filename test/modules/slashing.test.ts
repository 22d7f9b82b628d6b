import {
  QueryParamsRequest,
  QueryParamsResponse,
  QuerySigningInfoRequest,
  QuerySigningInfoResponse,
  QuerySigningInfosRequest,
  QuerySigningInfosResponse,
} from "cosmjs-types/cosmos/slashing/v1beta1/query";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { fromUtf8 } from "../../chain/bytes.ts";
import { InvalidBlockError } from "../../chain/errors.ts";
import type { VerifiedFault } from "../../chain/module.ts";
import { consensusText } from "../../modules/addresses.ts";
import { missedBlocksInvariant, signingInfosInvariant } from "../../modules/slashing/invariants.ts";
import { FOR_EVER, punishEquivocation, signingInfo } from "../../modules/slashing/keeper.ts";
import { allowedMisses } from "../../modules/slashing/liveness.ts";
import { signingInfos } from "../../modules/slashing/store.ts";
import { validatorByOperator } from "../../modules/staking/keeper.ts";
import {
  addressOf,
  attribute,
  createNetwork,
  type Network,
  refusal,
  SPEC,
  validatorKeys,
  valoperOf,
} from "./network.ts";

const M = 1_000_000n;
const WINDOW = 10;
const network = (params: Record<string, bigint> = {}) =>
  createNetwork({
    validators: { a: 10n * M, b: 30n * M },
    params: {
      "slashing.signedBlocksWindow": BigInt(WINDOW),
      "consensus.evidenceMaxAgeBlocks": 20n,
      "consensus.evidenceMaxAgeTime": 20_000n,
      ...params,
    },
  });
const blocks = (net: Network, count: number, missing: readonly string[] = []) => {
  for (let i = 0; i < count; i++) net.block({ missing });
};
const record = (net: Network, name: string) => {
  const validator = validatorByOperator(net.store, addressOf(name));
  if (validator === undefined) throw new Error(`no validator ${name}`);
  return validator;
};
const info = (net: Network, name: string) => signingInfo(net.store, addressOf(name));
const unjail = (net: Network, name: string) =>
  net.run(MsgUnjail.typeUrl, MsgUnjail.encode({ validatorAddr: valoperOf(name) }).finish());

function duplicateVote(net: Network, name: string, change: Partial<VerifiedFault> = {}): VerifiedFault {
  const { operator, identityKey } = validatorKeys(name);
  return { operator, identityKey, power: 10n, height: net.height, time: net.time, ...change };
}

describe("downtime", () => {
  test("costs stake and jails once more of a full window is missed than allowed", () => {
    const net = network();
    net.block();
    blocks(net, 4);
    blocks(net, 5, ["a"]);
    expect(info(net, "a")).toMatchObject({ startHeight: 1, missed: 5 });
    // Nine heights are counted; with the tenth the window is full and six are missing.
    const events = net.block({ missing: ["a"] });
    expect(record(net, "a")).toMatchObject({ jailed: true, tombstoned: false, tokens: 9_900_000n });
    expect(net.validators).toHaveLength(1);
    const slashed = events.find(({ type }) => type === "slash");
    expect(attribute(slashed, "reason")).toBe("missing_signature");
    expect(attribute(slashed, "burned_coins")).toBe("100000");
    expect(attribute(slashed, "address")).toBe(consensusText(SPEC, validatorKeys("a").identityKey));
    expect(info(net, "a")).toMatchObject({ missed: 0, jailedUntil: net.time + 600_000 });
    expect(net.violations()).toEqual([]);
    blocks(net, 3, ["a"]);
    expect(record(net, "a").tokens).toBe(9_900_000n);
  });

  test("a new validator is not judged before its window is full", () => {
    const net = network();
    blocks(net, WINDOW, ["a"]);
    expect(info(net, "a").missed).toBe(WINDOW - 1);
    expect(record(net, "a").jailed).toBe(false);
    net.block({ missing: ["a"] });
    expect(record(net, "a").jailed).toBe(true);
  });

  test("just as much as is allowed costs nothing, for ever", () => {
    const net = network();
    net.block();
    for (let i = 0; i < 60; i++) net.block({ missing: i % 2 === 0 ? ["a"] : [] });
    expect(info(net, "a").missed).toBe(5);
    expect(record(net, "a")).toMatchObject({ jailed: false, tokens: 10n * M });
    expect(net.violations()).toEqual([]);
  });

  test("what leaves the window is forgotten, also across chunks of the bitmap", () => {
    const net = network({ "slashing.signedBlocksWindow": 300n });
    net.block();
    blocks(net, 100, ["a"]);
    blocks(net, 200);
    expect(info(net, "a").missed).toBe(100);
    blocks(net, 60);
    expect(info(net, "a").missed).toBe(40);
    expect(net.violations()).toEqual([]);
  });

  test("a stay in the set begins with an empty record", () => {
    const net = network();
    blocks(net, 14, ["a"]);
    expect(record(net, "a").jailed).toBe(true);
    net.block({ after: 600_000 });
    net.block({ run: () => void unjail(net, "a") });
    expect(net.validators).toHaveLength(2);
    const bonded = net.height;
    blocks(net, 2, ["a"]);
    expect(info(net, "a")).toMatchObject({ bondHeight: bonded, startHeight: bonded + 1, missed: 1 });
    expect(net.violations()).toEqual([]);
  });

  test("another window starts the count anew", () => {
    const net = network();
    blocks(net, 5, ["a"]);
    (net.params as Map<string, bigint>).set("slashing.signedBlocksWindow", 20n);
    net.block({ missing: ["a"] });
    expect(info(net, "a")).toMatchObject({ window: 20, missed: 1, startHeight: net.height - 1 });
    expect(net.violations()).toEqual([]);
  });

  test("the last validator is slashed once and stays in the set", () => {
    const net = createNetwork({ validators: { a: 10n * M }, params: { "slashing.signedBlocksWindow": 4n } });
    blocks(net, 20, ["a"]);
    expect(net.validators).toHaveLength(1);
    expect(record(net, "a")).toMatchObject({ jailed: true, tokens: 9_900_000n });
    expect(net.violations()).toEqual([]);
  });

  test("the minimum is rounded up", () => {
    expect(allowedMisses(100, 500_000n)).toBe(50);
    expect(allowedMisses(3, 500_000n)).toBe(1);
    expect(allowedMisses(100, 0n)).toBe(100);
    expect(allowedMisses(100, 1_000_000n)).toBe(0);
  });

  test("the invariant sees a validator without a record", () => {
    const net = network();
    blocks(net, 3);
    expect(signingInfosInvariant(net.store, net.validators, net.height)).toEqual([]);
    signingInfos.delete(net.store, addressOf("a"));
    expect(signingInfosInvariant(net.store, net.validators, net.height)).toHaveLength(1);
  });

  test("the invariant sees a count that is not in the window", () => {
    const net = network();
    blocks(net, 3, ["a"]);
    signingInfos.set(net.store, addressOf("a"), { ...info(net, "a"), missed: 7 });
    expect(missedBlocksInvariant(net.store)).toHaveLength(1);
  });
});

describe("two votes", () => {
  test("slash, jail and bar for ever, once", () => {
    const net = network();
    blocks(net, 3);
    const vote = duplicateVote(net, "a");
    const events = net.block({ evidence: { duplicateVotes: [vote, { ...vote, height: 1 }] } });
    expect(record(net, "a")).toMatchObject({ jailed: true, tombstoned: true, tokens: 9_500_000n });
    expect(net.validators).toHaveLength(1);
    expect(events.filter(({ type }) => type === "slash").map((event) => attribute(event, "reason"))).toEqual([
      "double_sign",
    ]);
    net.block({ evidence: { duplicateVotes: [vote] } });
    expect(record(net, "a").tokens).toBe(9_500_000n);
    expect(info(net, "a").jailedUntil).toBe(FOR_EVER);
    net.block({ after: 10_000_000 });
    expect(refusal(() => unjail(net, "a"))?.code).toBe("slashing/4");
    expect(net.violations()).toEqual([]);
  });

  test("are too old only beyond both limits", () => {
    const net = network();
    net.block();
    const vote = duplicateVote(net, "a");
    blocks(net, 25);
    // 25 blocks and 25 seconds old by now.
    expect(() => net.block({ evidence: { duplicateVotes: [vote] } })).toThrow(InvalidBlockError);
    const late = duplicateVote(net, "a", { height: 1, time: net.time - 10_000 });
    net.block({ evidence: { duplicateVotes: [late] } });
    expect(record(net, "a").tombstoned).toBe(true);
  });

  test("of somebody who is no validator have no effect", () => {
    const net = network();
    net.block();
    const before = net.dump();
    punishEquivocation(net.context(), addressOf("nobody"), 1, 10n);
    expect(net.dump()).toEqual(before);
  });
});

describe("MsgUnjail", () => {
  test("lets out after the time, not before", () => {
    const net = network();
    blocks(net, 11, ["a"]);
    const before = net.dump();
    const found = refusal(() => unjail(net, "a"));
    expect(found).toMatchObject({ code: "slashing/4" });
    expect(found?.text).toContain("until 20");
    expect(net.dump()).toEqual(before);
    net.block({ after: 599_999 });
    expect(refusal(() => unjail(net, "a"))?.code).toBe("slashing/4");
    net.block({ after: 1, run: () => void unjail(net, "a") });
    expect(record(net, "a").jailed).toBe(false);
    expect(net.validators).toHaveLength(2);
    expect(net.violations()).toEqual([]);
  });

  test("refuses who is not jailed, who does not exist, a malformed address", () => {
    const net = network();
    expect(refusal(() => unjail(net, "a"))?.code).toBe("slashing/5");
    expect(refusal(() => unjail(net, "nobody"))?.code).toBe("slashing/2");
    const malformed = MsgUnjail.encode({ validatorAddr: "x" }).finish();
    expect(refusal(() => net.run(MsgUnjail.typeUrl, malformed))?.code).toBe("sdk/7");
  });
});

describe("queries", () => {
  const path = (name: string) => `/cosmos.slashing.v1beta1.Query/${name}`;

  test("signing infos by consensus address", () => {
    const net = network();
    blocks(net, 4, ["a"]);
    const consAddress = consensusText(SPEC, validatorKeys("a").identityKey);
    const one = net.query(path("SigningInfo"), QuerySigningInfoRequest.encode({ consAddress }).finish());
    expect(QuerySigningInfoResponse.decode(one).valSigningInfo).toMatchObject({
      address: consAddress,
      startHeight: 1n,
      missedBlocksCounter: 3n,
      tombstoned: false,
    });
    const all = net.query(path("SigningInfos"), QuerySigningInfosRequest.encode({}).finish());
    expect(QuerySigningInfosResponse.decode(all).info).toHaveLength(2);
    const unknown = consensusText(SPEC, new Uint8Array(32));
    const request = QuerySigningInfoRequest.encode({ consAddress: unknown }).finish();
    expect(() => net.query(path("SigningInfo"), request)).toThrow("key not found");
  });

  test("parameters are the digits of scaled decimals", () => {
    const { params } = QueryParamsResponse.decode(
      network().query(path("Params"), QueryParamsRequest.encode({}).finish()),
    );
    expect(params.signedBlocksWindow).toBe(10n);
    expect(fromUtf8(params.minSignedPerWindow)).toBe("500000000000000000");
    expect(fromUtf8(params.slashFractionDoubleSign)).toBe("50000000000000000");
    expect(params.downtimeJailDuration.seconds).toBe(600n);
  });
});
