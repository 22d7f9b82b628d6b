import {
  Bech32PrefixRequest,
  Bech32PrefixResponse,
  QueryAccountInfoRequest,
  QueryAccountInfoResponse,
  QueryAccountRequest,
  QueryAccountResponse,
  QueryAccountsRequest,
  QueryAccountsResponse,
  QueryModuleAccountByNameRequest,
  QueryModuleAccountByNameResponse,
  QueryModuleAccountsRequest,
  QueryModuleAccountsResponse,
  QueryParamsRequest,
  QueryParamsResponse,
} from "cosmjs-types/cosmos/auth/v1beta1/query";
import { ConfigRequest, ConfigResponse } from "cosmjs-types/cosmos/base/node/v1beta1/query";
import { GAS } from "../../chain/gas.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { queryAccount } from "../addresses.ts";
import { formatDecimal } from "../decimal.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { gasPrice } from "../feemarket/keeper.ts";
import { paginate } from "../pagination.ts";
import { accountAny, baseAccount } from "./account-any.ts";
import { type Account, getAccount, MODULE_ACCOUNTS, moduleAddress } from "./keeper.ts";
import { authParams } from "./params.ts";
import { SIGNATURE_LIMIT } from "./public-key.ts";
import { accountKey, accounts } from "./store.ts";

const SERVICE = "/cosmos.auth.v1beta1.Query";
const NODE_SERVICE = "/cosmos.base.node.v1beta1.Service";

function requireAccount(ctx: QueryContext, address: string): Account {
  const account = getAccount(ctx.store, queryAccount(ctx.spec, address));
  if (account === undefined) throw notFound(`account ${address} not found`);
  return account;
}

/** Least price of one gas as clients write it: `0.025uassay`. */
function gasPriceText({ store, spec, params }: QueryContext): string {
  const decimal = formatDecimal(gasPrice(store, params));
  return `${decimal.replace(/\.?0+$/, "")}${spec.denom}`;
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Account`, QueryAccountRequest, QueryAccountResponse, (ctx, { address }) => ({
    account: accountAny(ctx, requireAccount(ctx, address)),
  })),
  defineQuery(`${SERVICE}/AccountInfo`, QueryAccountInfoRequest, QueryAccountInfoResponse, (ctx, { address }) => ({
    info: baseAccount(ctx, requireAccount(ctx, address)),
  })),
  defineQuery(`${SERVICE}/Accounts`, QueryAccountsRequest, QueryAccountsResponse, (ctx, request) => {
    const source = { collection: accounts, key: accountKey };
    const page = paginate(ctx.store, source, request.pagination, (address, record) =>
      accountAny(ctx, { address, ...record }),
    );
    return { accounts: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/ModuleAccounts`, QueryModuleAccountsRequest, QueryModuleAccountsResponse, (ctx) => ({
    accounts: MODULE_ACCOUNTS.flatMap(({ name }) => getAccount(ctx.store, moduleAddress(name)) ?? []).map((account) =>
      accountAny(ctx, account),
    ),
  })),
  defineQuery(
    `${SERVICE}/ModuleAccountByName`,
    QueryModuleAccountByNameRequest,
    QueryModuleAccountByNameResponse,
    (ctx, { name }) => {
      const known = MODULE_ACCOUNTS.find((account) => account.name === name);
      const account = known === undefined ? undefined : getAccount(ctx.store, moduleAddress(known.name));
      if (account === undefined) throw notFound(`account ${name.slice(0, 100)} not found`);
      return { account: accountAny(ctx, account) };
    },
  ),
  defineQuery(`${SERVICE}/Bech32Prefix`, Bech32PrefixRequest, Bech32PrefixResponse, (ctx) => ({
    bech32Prefix: ctx.spec.prefix,
  })),
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, (ctx) => ({
    params: {
      maxMemoCharacters: authParams.read(ctx.params).maxMemoBytes,
      txSigLimit: BigInt(SIGNATURE_LIMIT),
      txSizeCostPerByte: BigInt(GAS.txPerByte),
      sigVerifyCostEd25519: 0n,
      sigVerifyCostSecp256k1: BigInt(GAS.verifySecp256k1),
    },
  })),
  // A price of the whole chain, unlike in the Cosmos SDK, where each node sets its own. How a node prunes is no part of the state.
  defineQuery(`${NODE_SERVICE}/Config`, ConfigRequest, ConfigResponse, (ctx) => ({
    minimumGasPrice: gasPriceText(ctx),
    pruningKeepRecent: "",
    pruningInterval: "",
    haltHeight: 0n,
  })),
];
