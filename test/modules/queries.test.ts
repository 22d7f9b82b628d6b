import { accountFromAny, GasPrice } from "@cosmjs/stargate";
import {
  QueryParamsResponse as AuthParamsResponse,
  QueryAccountRequest,
  QueryAccountResponse,
  QueryAccountsRequest,
  QueryAccountsResponse,
  QueryModuleAccountsResponse,
} from "cosmjs-types/cosmos/auth/v1beta1/query";
import { ConfigRequest, ConfigResponse } from "cosmjs-types/cosmos/base/node/v1beta1/query";
import type { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import * as q from "cosmjs-types/cosmos/staking/v1beta1/query";
import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import { MODULE_ACCOUNTS, moduleAddress } from "../../modules/auth/keeper.ts";
import { accountKey, accounts } from "../../modules/auth/store.ts";
import { paginate } from "../../modules/pagination.ts";
import { delegate, undelegate } from "../../modules/staking/delegations.ts";
import { BONDED_POOL, moveStake, NOT_BONDED_POOL } from "../../modules/staking/pools.ts";
import { beginUnbonding } from "../../modules/staking/unbonding.ts";
import { accountOf, addressOf, createNetwork, MODULES, type Network, validatorKeys, valoperOf } from "./network.ts";

const M = 1_000_000n;
const EMPTY = new Uint8Array(0);
const page = (change: Partial<PageRequest> = {}): PageRequest => ({
  key: EMPTY,
  offset: 0n,
  limit: 0n,
  countTotal: false,
  reverse: false,
  ...change,
});

function fails(action: () => unknown): QueryError {
  try {
    action();
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error("a QueryError was expected");
}

test("every path is served once", () => {
  const paths = MODULES.flatMap(({ queries }) => queries).map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
});

describe("auth", () => {
  const net = createNetwork({ balances: { ann: 5n, bob: 6n } });
  const account = (address: string) =>
    QueryAccountResponse.decode(
      net.query("/cosmos.auth.v1beta1.Query/Account", QueryAccountRequest.encode({ address }).finish()),
    ).account;

  test("CosmJS reads accounts, also a module's", () => {
    const found = account(accountOf("ann"));
    expect(found === undefined ? undefined : accountFromAny(found)).toEqual({
      address: accountOf("ann"),
      pubkey: null,
      accountNumber: BigInt(MODULE_ACCOUNTS.length),
      sequence: 0,
    });
    const pool = account(encodeAddress("assay", moduleAddress("bonded_tokens_pool")));
    expect(pool?.typeUrl).toBe("/cosmos.auth.v1beta1.ModuleAccount");
    expect(pool === undefined ? undefined : accountFromAny(pool).accountNumber).toBe(1n);
  });

  test("an account that does not exist", () => {
    const error = fails(() => account(accountOf("nobody")));
    expect(error.code).toBe(GRPC.notFound);
    expect(error.message).toBe(`account ${accountOf("nobody")} not found: key not found`);
    expect(fails(() => account("nobody")).code).toBe(GRPC.invalidArgument);
  });

  test("all accounts in pages, module accounts, parameters", () => {
    const all = QueryAccountsResponse.decode(
      net.query("/cosmos.auth.v1beta1.Query/Accounts", QueryAccountsRequest.encode({ pagination: page() }).finish()),
    );
    expect(all.accounts).toHaveLength(MODULE_ACCOUNTS.length + 3);
    expect(all.pagination?.total).toBe(BigInt(MODULE_ACCOUNTS.length + 3));
    const modules = net.query("/cosmos.auth.v1beta1.Query/ModuleAccounts", EMPTY);
    expect(QueryModuleAccountsResponse.decode(modules).accounts).toHaveLength(MODULE_ACCOUNTS.length);
    const { params } = AuthParamsResponse.decode(net.query("/cosmos.auth.v1beta1.Query/Params", EMPTY));
    expect(params.maxMemoCharacters).toBe(256n);
  });

  test.each([
    [25_000n, "0.025uassay", "0.025"],
    [1n, "0.000001uassay", "0.000001"],
    [2_000_000n, "2uassay", "2"],
    [10_500_000n, "10.5uassay", "10.5"],
  ])("the least gas price %d is told as CosmJS reads it", (price, text, amount) => {
    const priced = createNetwork({ params: { "feemarket.minBaseFee": price } });
    const request = ConfigRequest.encode({}).finish();
    const config = ConfigResponse.decode(priced.query("/cosmos.base.node.v1beta1.Service/Config", request));
    expect(config.minimumGasPrice).toBe(text);
    const parsed = GasPrice.fromString(config.minimumGasPrice);
    expect([parsed.amount.toString(), parsed.denom]).toEqual([amount, "uassay"]);
  });
});

describe("pages", () => {
  const net = createNetwork({ balances: Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`p${i}`, 1n])) });
  const source = { collection: accounts, key: accountKey };
  const numbers = (request?: PageRequest, pick = (n: number): number | undefined => n) =>
    paginate(net.store, source, request, (_, record) => pick(record.accountNumber));
  const everything = accounts.entries(net.store).map(([, { accountNumber }]) => accountNumber);

  test("limit 0 is 100 and counts", () => {
    expect(numbers().items).toEqual(everything.slice(0, 100));
    expect(numbers().pagination.total).toBe(BigInt(everything.length));
  });

  test.each([false, true])("following next_key shows each entry once (reverse %s)", (reverse) => {
    const seen: number[] = [];
    let key: Uint8Array = EMPTY;
    do {
      const { items, pagination } = numbers(page({ key, limit: 7n, reverse }));
      seen.push(...items);
      expect(pagination.total).toBe(0n);
      key = pagination.nextKey;
    } while (key.length > 0);
    expect(seen).toEqual(reverse ? everything.toReversed() : everything);
  });

  test("an offset, and a filter that neither shows nor counts", () => {
    expect(numbers(page({ offset: 300n, limit: 3n })).items).toEqual(everything.slice(300, 303));
    const even = everything.filter((n) => n % 2 === 0);
    const { items, pagination } = numbers(page({ offset: 2n, limit: 4n, countTotal: true }), (n) =>
      n % 2 === 0 ? n : undefined,
    );
    expect(items).toEqual(even.slice(2, 6));
    expect(pagination.total).toBe(BigInt(even.length));
  });

  test("a limit beyond all is the whole list and the end", () => {
    const { items, pagination } = numbers(page({ limit: 2n ** 64n - 1n }));
    expect(items).toHaveLength(everything.length);
    expect(pagination.nextKey).toHaveLength(0);
  });

  test("key and offset together, and a key of somebody else's list, are refused", () => {
    expect(fails(() => numbers(page({ key: Uint8Array.of(1), offset: 1n }))).code).toBe(GRPC.invalidArgument);
    const within = { ...source, within: addressOf("p0") };
    const other = page({ key: addressOf("p1") });
    expect(fails(() => paginate(net.store, within, other, () => 1)).code).toBe(GRPC.invalidArgument);
    expect(fails(() => numbers(page({ offset: 2n ** 63n }))).code).toBe(GRPC.invalidArgument);
  });
});

describe("staking", () => {
  const path = (name: string) => `/cosmos.staking.v1beta1.Query/${name}`;
  const M3 = 3n * M;
  const stakers = (): Network => {
    const net = createNetwork({
      validators: { a: 10n * M, b: 20n * M },
      balances: { ann: 50n * M },
      params: { "staking.maxValidators": 1n },
    });
    net.block({
      run(ctx) {
        delegate(ctx, addressOf("ann"), addressOf("b"), 5n * M);
        const { tokens } = undelegate(ctx, addressOf("ann"), addressOf("b"), 2n * M);
        moveStake(ctx, BONDED_POOL, NOT_BONDED_POOL, tokens);
        beginUnbonding(ctx, addressOf("ann"), addressOf("b"), tokens);
      },
    });
    return net;
  };
  const net = stakers();
  const pair = { delegatorAddr: accountOf("ann"), validatorAddr: valoperOf("b") };

  test("validators, one and by status", () => {
    const one = net.query(
      path("Validator"),
      q.QueryValidatorRequest.encode({ validatorAddr: valoperOf("b") }).finish(),
    );
    const { validator } = q.QueryValidatorResponse.decode(one);
    expect(validator).toMatchObject({ operatorAddress: valoperOf("b"), tokens: "23000000", status: 3, jailed: false });
    expect(validator.delegatorShares).toBe(`23000000${"0".repeat(18)}`);
    expect(validator.commission.commissionRates.rate).toBe("100000000000000000");
    expect(PubKey.decode(validator.consensusPubkey?.value ?? EMPTY).key).toEqual(validatorKeys("b").identityKey);
    const of = (status: string) =>
      q.QueryValidatorsResponse.decode(
        net.query(path("Validators"), q.QueryValidatorsRequest.encode({ status, pagination: page() }).finish()),
      );
    expect(of("BOND_STATUS_BONDED").validators.map((v) => v.operatorAddress)).toEqual([valoperOf("b")]);
    expect(of("BOND_STATUS_UNBONDED").validators.map((v) => v.operatorAddress)).toEqual([valoperOf("a")]);
    expect(of("").pagination?.total).toBe(2n);
    expect(fails(() => of("BONDED")).code).toBe(GRPC.invalidArgument);
    const unknown = q.QueryValidatorRequest.encode({ validatorAddr: valoperOf("x") }).finish();
    expect(fails(() => net.query(path("Validator"), unknown)).message).toContain("key not found");
  });

  test("a delegation and an unbonding, and none", () => {
    const found = q.QueryDelegationResponse.decode(
      net.query(path("Delegation"), q.QueryDelegationRequest.encode(pair).finish()),
    );
    expect(found.delegationResponse?.balance).toEqual({ denom: "uassay", amount: M3.toString() });
    const unbond = q.QueryUnbondingDelegationResponse.decode(
      net.query(path("UnbondingDelegation"), q.QueryUnbondingDelegationRequest.encode(pair).finish()),
    );
    expect(unbond.unbond.entries).toMatchObject([{ creationHeight: 1n, balance: "2000000" }]);
    const none = { ...pair, validatorAddr: valoperOf("a") };
    const error = fails(() => net.query(path("Delegation"), q.QueryDelegationRequest.encode(none).finish()));
    expect([error.code, error.message]).toEqual([GRPC.notFound, expect.stringContaining("key not found")]);
    expect(
      fails(() => net.query(path("UnbondingDelegation"), q.QueryUnbondingDelegationRequest.encode(none).finish())).code,
    ).toBe(GRPC.notFound);
    expect(
      fails(() => net.query(path("DelegatorValidator"), q.QueryDelegatorValidatorRequest.encode(none).finish())).code,
    ).toBe(GRPC.notFound);
    const validator = net.query(path("DelegatorValidator"), q.QueryDelegatorValidatorRequest.encode(pair).finish());
    expect(q.QueryDelegatorValidatorResponse.decode(validator).validator.operatorAddress).toBe(valoperOf("b"));
  });

  test("lists by validator and by delegator", () => {
    const byValidator = { validatorAddr: valoperOf("b"), pagination: page() };
    const delegations = net.query(
      path("ValidatorDelegations"),
      q.QueryValidatorDelegationsRequest.encode(byValidator).finish(),
    );
    expect(q.QueryValidatorDelegationsResponse.decode(delegations).delegationResponses).toHaveLength(2);
    const leaving = net.query(
      path("ValidatorUnbondingDelegations"),
      q.QueryValidatorUnbondingDelegationsRequest.encode(byValidator).finish(),
    );
    expect(q.QueryValidatorUnbondingDelegationsResponse.decode(leaving).unbondingResponses).toHaveLength(1);
    const byDelegator = { delegatorAddr: accountOf("ann"), pagination: page() };
    const mine = net.query(
      path("DelegatorDelegations"),
      q.QueryDelegatorDelegationsRequest.encode(byDelegator).finish(),
    );
    expect(q.QueryDelegatorDelegationsResponse.decode(mine).delegationResponses).toHaveLength(1);
    const out = net.query(
      path("DelegatorUnbondingDelegations"),
      q.QueryDelegatorUnbondingDelegationsRequest.encode(byDelegator).finish(),
    );
    expect(q.QueryDelegatorUnbondingDelegationsResponse.decode(out).unbondingResponses).toHaveLength(1);
    const whom = net.query(path("DelegatorValidators"), q.QueryDelegatorValidatorsRequest.encode(byDelegator).finish());
    expect(q.QueryDelegatorValidatorsResponse.decode(whom).validators).toHaveLength(1);
    const anywhere = { ...byDelegator, srcValidatorAddr: "", dstValidatorAddr: "" };
    const moved = net.query(path("Redelegations"), q.QueryRedelegationsRequest.encode(anywhere).finish());
    expect(q.QueryRedelegationsResponse.decode(moved).redelegationResponses).toEqual([]);
  });

  test("pool, parameters, no historical info", () => {
    expect(q.QueryPoolResponse.decode(net.query(path("Pool"), EMPTY)).pool).toEqual({
      bondedTokens: "23000000",
      notBondedTokens: "12000000",
    });
    const { params } = q.QueryParamsResponse.decode(net.query(path("Params"), EMPTY));
    expect(params).toMatchObject({ bondDenom: "uassay", maxValidators: 1, maxEntries: 7, minCommissionRate: "0" });
    expect(params.unbondingTime.seconds).toBe(1_814_400n);
    expect(
      fails(() => net.query(path("HistoricalInfo"), q.QueryHistoricalInfoRequest.encode({ height: 1n }).finish())).code,
    ).toBe(GRPC.notFound);
  });
});
