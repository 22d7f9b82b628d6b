import {
  QueryAllBalancesRequest,
  QueryAllBalancesResponse,
  QueryBalanceRequest,
  QueryBalanceResponse,
  QueryDenomMetadataRequest,
  QueryDenomMetadataResponse,
  QueryDenomOwnersRequest,
  QueryDenomOwnersResponse,
  QueryDenomsMetadataRequest,
  QueryDenomsMetadataResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QuerySendEnabledRequest,
  QuerySendEnabledResponse,
  QuerySpendableBalanceByDenomRequest,
  QuerySpendableBalanceByDenomResponse,
  QuerySpendableBalancesRequest,
  QuerySpendableBalancesResponse,
  QuerySupplyOfRequest,
  QuerySupplyOfResponse,
  QueryTotalSupplyRequest,
  QueryTotalSupplyResponse,
} from "cosmjs-types/cosmos/bank/v1beta1/query";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { QueryError } from "../../chain/errors.ts";
import { getAccount, MODULE_ACCOUNTS, moduleAddress } from "../../modules/auth/keeper.ts";
import { setVesting } from "../../modules/auth/vesting.ts";
import { genesis } from "../../modules/bank/genesis.ts";
import { supplyInvariant } from "../../modules/bank/invariants.ts";
import { balance, burn, MAX_SUPPLY, mint, supply, transfer } from "../../modules/bank/keeper.ts";
import { balances, sendEnabled } from "../../modules/bank/store.ts";
import { accountOf, addressOf, createNetwork, type Network, refusal, SPEC } from "./network.ts";

const network = () => createNetwork({ balances: { ann: 1000n, bob: 5n } });

function send(net: Network, from: string, to: string, amount: readonly { denom: string; amount: string }[]) {
  const value = MsgSend.encode({ fromAddress: from, toAddress: to, amount: [...amount] }).finish();
  return net.run(MsgSend.typeUrl, value);
}
const uassay = (amount: string) => [{ denom: "uassay", amount }];

describe("MsgSend", () => {
  test("moves coins, makes the receiver's account and says so in the events clients search", () => {
    const net = network();
    const { events } = send(net, accountOf("ann"), accountOf("new"), uassay("300"));
    expect(balance(net.store, addressOf("ann"), "uassay")).toBe(700n);
    expect(balance(net.store, addressOf("new"), "uassay")).toBe(300n);
    expect(getAccount(net.store, addressOf("new"))?.sequence).toBe(0);
    expect(events).toEqual([
      {
        type: "coin_spent",
        attributes: [
          ["spender", accountOf("ann")],
          ["amount", "300uassay"],
        ],
      },
      {
        type: "coin_received",
        attributes: [
          ["receiver", accountOf("new")],
          ["amount", "300uassay"],
        ],
      },
      {
        type: "transfer",
        attributes: [
          ["recipient", accountOf("new")],
          ["sender", accountOf("ann")],
          ["amount", "300uassay"],
        ],
      },
    ]);
    expect(net.violations()).toEqual([]);
  });

  test("to oneself changes nothing", () => {
    const net = network();
    const before = net.dump();
    send(net, accountOf("ann"), accountOf("ann"), uassay("1000"));
    expect(net.dump()).toEqual(before);
  });

  const cases: readonly (readonly [string, string, string, { denom: string; amount: string }[], string, string])[] = [
    [
      "too much",
      accountOf("bob"),
      accountOf("ann"),
      uassay("10"),
      "sdk/5",
      "spendable balance 5uassay is smaller than 10uassay: insufficient funds",
    ],
    [
      "another denomination",
      accountOf("bob"),
      accountOf("ann"),
      [{ denom: "ufoo", amount: "1" }],
      "sdk/5",
      "spendable balance 0ufoo",
    ],
    ["no coins", accountOf("bob"), accountOf("ann"), [], "sdk/10", "no coins"],
    ["zero", accountOf("bob"), accountOf("ann"), uassay("0"), "sdk/10", "positive"],
    ["a negative amount", accountOf("bob"), accountOf("ann"), uassay("-1"), "sdk/10", "positive"],
    ["a denomination twice", accountOf("bob"), accountOf("ann"), [...uassay("1"), ...uassay("1")], "sdk/10", "twice"],
    ["a wrong checksum", accountOf("bob"), `${accountOf("ann").slice(0, -1)}x`, uassay("1"), "sdk/7", "recipient"],
    [
      "another chain's address",
      accountOf("bob"),
      encodeAddress("cosmos", addressOf("ann")),
      uassay("1"),
      "sdk/7",
      "recipient",
    ],
    [
      "a module",
      accountOf("bob"),
      encodeAddress("assay", moduleAddress("bonded_tokens_pool")),
      uassay("1"),
      "sdk/4",
      "not allowed to receive",
    ],
  ];
  test.each(cases)("refuses %s and changes nothing", (_, from, to, amount, code, text) => {
    const net = network();
    const before = net.dump();
    const found = refusal(() => send(net, from, to, amount));
    expect(found?.code).toBe(code);
    expect(found?.text).toContain(text);
    expect(net.dump()).toEqual(before);
  });

  test("every module account is refused as receiver", () => {
    const net = network();
    for (const { name } of MODULE_ACCOUNTS) {
      const to = encodeAddress("assay", moduleAddress(name));
      expect(refusal(() => send(net, accountOf("ann"), to, uassay("1")))?.code).toBe("sdk/4");
    }
  });
});

describe("MsgMultiSend", () => {
  const multi = (net: Network, message: MsgMultiSend) =>
    net.run(MsgMultiSend.typeUrl, MsgMultiSend.encode(message).finish());
  const input = { address: accountOf("ann"), coins: uassay("30") };
  const outputs = [
    { address: accountOf("bob"), coins: uassay("10") },
    { address: accountOf("eve"), coins: uassay("20") },
  ];

  test("sends to several", () => {
    const net = network();
    multi(net, { inputs: [input], outputs });
    expect(["ann", "bob", "eve"].map((name) => balance(net.store, addressOf(name), "uassay"))).toEqual([
      970n,
      15n,
      20n,
    ]);
    expect(net.violations()).toEqual([]);
  });

  test("refuses no or several inputs, no outputs, another sum, a module", () => {
    const net = network();
    const before = net.dump();
    const module = { address: encodeAddress("assay", moduleAddress("fee_collector")), coins: uassay("30") };
    expect(refusal(() => multi(net, { inputs: [], outputs }))?.code).toBe("bank/2");
    expect(refusal(() => multi(net, { inputs: [input], outputs: [] }))?.code).toBe("bank/3");
    expect(refusal(() => multi(net, { inputs: [input], outputs: outputs.slice(1) }))?.code).toBe("bank/4");
    expect(refusal(() => multi(net, { inputs: [input, input], outputs }))?.code).toBe("bank/9");
    expect(refusal(() => multi(net, { inputs: [input], outputs: [module] }))?.code).toBe("sdk/4");
    expect(net.dump()).toEqual(before);
  });
});

describe("keeper", () => {
  test("mint and burn change the supply; the supply is bounded", () => {
    const net = network();
    const ctx = net.context();
    const before = supply(net.store, "uassay");
    mint(ctx, addressOf("ann"), [{ denom: "uassay", amount: 50n }]);
    burn(ctx, addressOf("ann"), [{ denom: "uassay", amount: 20n }]);
    expect(supply(net.store, "uassay")).toBe(before + 30n);
    expect(() => mint(ctx, addressOf("ann"), [{ denom: "uassay", amount: MAX_SUPPLY }])).toThrow("above");
    expect(() => transfer(ctx, addressOf("ann"), addressOf("bob"), [{ denom: "uassay", amount: -1n }])).toThrow(
      "negative",
    );
    expect(net.violations()).toEqual([]);
  });

  test("a zero balance is no entry", () => {
    const net = network();
    send(net, accountOf("bob"), accountOf("ann"), uassay("5"));
    expect(balances.has(net.store, [addressOf("bob"), "uassay"])).toBe(false);
  });

  test("the invariant sees coins from nowhere", () => {
    const net = network();
    expect(supplyInvariant(net.store)).toEqual([]);
    balances.set(net.store, [addressOf("bob"), "uassay"], 6n);
    expect(supplyInvariant(net.store)).toHaveLength(1);
    balances.set(net.store, [addressOf("bob"), "uassay"], 5n);
    balances.set(net.store, [addressOf("bob"), "ufoo"], 6n);
    expect(supplyInvariant(net.store)).toEqual(["6ufoo are held and have no supply"]);
  });
});

describe("queries", () => {
  const path = (name: string) => `/cosmos.bank.v1beta1.Query/${name}`;
  const page = { key: new Uint8Array(0), offset: 0n, limit: 0n, countTotal: false, reverse: false };

  test("balances, by denomination and all, sorted", () => {
    const net = network();
    mint(net.context(), addressOf("ann"), [{ denom: "aaa", amount: 7n }]);
    const one = { address: accountOf("ann"), denom: "uassay" };
    expect(
      QueryBalanceResponse.decode(net.query(path("Balance"), QueryBalanceRequest.encode(one).finish())).balance,
    ).toEqual({ denom: "uassay", amount: "1000" });
    const spendable = net.query(
      path("SpendableBalanceByDenom"),
      QuerySpendableBalanceByDenomRequest.encode({ ...one, denom: "none" }).finish(),
    );
    expect(QuerySpendableBalanceByDenomResponse.decode(spendable).balance).toEqual({ denom: "none", amount: "0" });
    const all = QueryAllBalancesRequest.encode({
      address: accountOf("ann"),
      pagination: page,
      resolveDenom: false,
    }).finish();
    const answer = QueryAllBalancesResponse.decode(net.query(path("AllBalances"), all));
    expect(answer.balances).toEqual([
      { denom: "aaa", amount: "7" },
      { denom: "uassay", amount: "1000" },
    ]);
    expect(answer.pagination?.total).toBe(2n);
    expect(answer.pagination?.nextKey).toHaveLength(0);
    const request = QuerySpendableBalancesRequest.encode({ address: accountOf("new"), pagination: page }).finish();
    expect(QuerySpendableBalancesResponse.decode(net.query(path("SpendableBalances"), request)).balances).toEqual([]);
  });

  test("an address that is none is the client's fault", () => {
    const net = network();
    const request = QuerySpendableBalancesRequest.encode({ address: "test", pagination: page }).finish();
    expect(() => net.query(path("SpendableBalances"), request)).toThrow(QueryError);
    expect(() => net.query(path("Balance"), Uint8Array.of(0xff))).toThrow(QueryError);
  });

  test("supply, metadata and parameters", () => {
    const net = network();
    const total = QueryTotalSupplyResponse.decode(
      net.query(path("TotalSupply"), QueryTotalSupplyRequest.encode({ pagination: page }).finish()),
    );
    expect(total.supply).toEqual([{ denom: "uassay", amount: "10001005" }]);
    const of = net.query(path("SupplyOf"), QuerySupplyOfRequest.encode({ denom: "uassay" }).finish());
    expect(QuerySupplyOfResponse.decode(of).amount.amount).toBe("10001005");
    const metadata = net.query(path("DenomMetadata"), QueryDenomMetadataRequest.encode({ denom: "uassay" }).finish());
    expect(QueryDenomMetadataResponse.decode(metadata).metadata).toMatchObject({ display: "assay", symbol: "ASSAY" });
    const all = net.query(path("DenomsMetadata"), QueryDenomsMetadataRequest.encode({ pagination: page }).finish());
    expect(QueryDenomsMetadataResponse.decode(all).metadatas).toHaveLength(1);
    expect(() => net.query(path("DenomMetadata"), QueryDenomMetadataRequest.encode({ denom: "x" }).finish())).toThrow(
      "key not found",
    );
    const params = net.query(path("Params"), QueryParamsRequest.encode({}).finish());
    expect(QueryParamsResponse.decode(params).params.defaultSendEnabled).toBe(true);
  });
});

describe("denominations", () => {
  const other = [{ denom: "uother", amount: "5" }];
  const withOther = (params: Readonly<Record<string, bigint>> = {}): Network => {
    const net = createNetwork({ balances: { ann: 1000n, bob: 5n }, params });
    mint(net.context(), addressOf("ann"), [{ denom: "uother", amount: 10n }]);
    return net;
  };

  test("that are switched off are not sent, alone or among others, one by one or to several", () => {
    const net = withOther();
    sendEnabled.set(net.store, "uother", false);
    const refused = {
      code: "bank/5",
      text: "uother transfers are currently disabled: send transactions are disabled",
    };
    const before = net.dump();
    expect(refusal(() => send(net, accountOf("ann"), accountOf("bob"), other))).toEqual(refused);
    expect(refusal(() => send(net, accountOf("ann"), accountOf("bob"), [...uassay("1"), ...other]))).toEqual(refused);
    const several = MsgMultiSend.fromPartial({
      inputs: [{ address: accountOf("ann"), coins: other }],
      outputs: [{ address: accountOf("bob"), coins: other }],
    });
    expect(refusal(() => net.run(MsgMultiSend.typeUrl, MsgMultiSend.encode(several).finish()))).toEqual(refused);
    expect(net.dump()).toEqual(before);
    send(net, accountOf("ann"), accountOf("bob"), uassay("1"));
    expect(net.violations()).toEqual([]);
  });

  test("by default none is sent where the parameter says so, but for those switched on", () => {
    const net = withOther({ "bank.defaultSendEnabled": 0n });
    expect(refusal(() => send(net, accountOf("ann"), accountOf("bob"), uassay("1")))?.code).toBe("bank/5");
    sendEnabled.set(net.store, "uother", true);
    send(net, accountOf("ann"), accountOf("bob"), other);
    const ask = (denoms: string[]) => {
      const request = QuerySendEnabledRequest.encode(QuerySendEnabledRequest.fromPartial({ denoms })).finish();
      return QuerySendEnabledResponse.decode(net.query("/cosmos.bank.v1beta1.Query/SendEnabled", request)).sendEnabled;
    };
    expect(ask([])).toEqual([{ denom: "uother", enabled: true }]);
    expect(ask(["uassay", "uother"])).toEqual([
      { denom: "uassay", enabled: false },
      { denom: "uother", enabled: true },
    ]);
    expect(() => ask(Array.from({ length: 101 }, () => "uassay"))).toThrow("at most 100");
  });

  test("that are not vested are held and not spendable", () => {
    const net = network();
    const original = [{ denom: "uassay", amount: 600n }];
    setVesting(net.store, addressOf("ann"), {
      schedule: { kind: "permanent" },
      original,
      delegatedFree: [],
      delegatedVesting: [],
    });
    const service = "/cosmos.bank.v1beta1.Query";
    const address = accountOf("ann");
    const all = QuerySpendableBalancesRequest.encode(QuerySpendableBalancesRequest.fromPartial({ address })).finish();
    const { balances: free } = QuerySpendableBalancesResponse.decode(net.query(`${service}/SpendableBalances`, all));
    expect(free).toEqual(uassay("400"));
    const one = QuerySpendableBalanceByDenomRequest.encode({ address, denom: "uassay" }).finish();
    const answer = QuerySpendableBalanceByDenomResponse.decode(net.query(`${service}/SpendableBalanceByDenom`, one));
    expect(answer.balance).toEqual(uassay("400")[0]);
    expect(refusal(() => send(net, address, accountOf("bob"), uassay("401")))?.code).toBe("sdk/5");
    expect(balance(net.store, addressOf("ann"), "uassay")).toBe(1000n);
  });

  test("have owners", () => {
    const net = withOther();
    const request = QueryDenomOwnersRequest.encode(QueryDenomOwnersRequest.fromPartial({ denom: "uother" })).finish();
    const answer = QueryDenomOwnersResponse.decode(net.query("/cosmos.bank.v1beta1.Query/DenomOwners", request));
    expect(answer.denomOwners).toEqual([{ address: accountOf("ann"), balance: { denom: "uother", amount: "10" } }]);
    expect(answer.pagination?.total).toBe(1n);
  });

  test("are described by genesis", () => {
    const net = withOther();
    const info = { base: "uother", display: "other", exponent: 6, name: "Other", symbol: "OTH" };
    genesis.init(net.context(), { denoms: [info], sendEnabled: [{ denom: "uother", enabled: false }] });
    const request = QueryDenomsMetadataRequest.encode(QueryDenomsMetadataRequest.fromPartial({})).finish();
    const { metadatas } = QueryDenomsMetadataResponse.decode(
      net.query("/cosmos.bank.v1beta1.Query/DenomsMetadata", request),
    );
    expect(metadatas.map(({ base, symbol }) => [base, symbol])).toEqual([
      ["uassay", "ASSAY"],
      ["uother", "OTH"],
    ]);
    expect(sendEnabled.get(net.store, "uother")).toBe(false);
  });

  test("of a genesis are all looked at", () => {
    const found: string[] = [];
    const section = {
      denoms: [
        { base: "1xxx", display: "xxx", exponent: 6, name: "x", symbol: "X" },
        { base: "uaaa", display: "aaa", exponent: 31, name: "a", symbol: "A" },
        { base: "uaaa", display: "uaaa", exponent: 6, name: "a", symbol: "A" },
        { base: "ubbb", display: "bbb", exponent: 6, name: "b", symbol: "B" },
        { base: "ubbb", display: "bbb", exponent: 6, name: "b", symbol: "B" },
      ],
      sendEnabled: [{ denom: "uaaa", enabled: "yes" }],
    };
    genesis.validate(section, SPEC, (path) => found.push(path));
    expect(found).toEqual([
      "bank.denoms[0].base",
      "bank.denoms[1].exponent",
      "bank.denoms[2].exponent",
      "bank.denoms[4]",
      "bank.sendEnabled[0].enabled",
    ]);
  });
});
