import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import {
  Bech32PrefixRequest,
  Bech32PrefixResponse,
  QueryAccountInfoRequest,
  QueryAccountInfoResponse,
  QueryAccountRequest,
  QueryAccountResponse,
  QueryAccountsRequest,
  QueryAccountsResponse,
  QueryModuleAccountsRequest,
  QueryModuleAccountsResponse,
  QueryParamsRequest,
  QueryParamsResponse,
} from "cosmjs-types/cosmos/auth/v1beta1/query";
import { ConfigRequest, ConfigResponse } from "cosmjs-types/cosmos/base/node/v1beta1/query";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { GAS } from "../../chain/gas.ts";
import type { ChainSpec, Query, QueryContext } from "../../chain/module.ts";
import { accountText, queryAccount } from "../addresses.ts";
import { DECIMAL_ONE, formatDecimal } from "../decimal.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { SECP256K1_TYPE_URL } from "./ante.ts";
import { PRICE_UNIT } from "./fee.ts";
import { type Account, getAccount, MODULE_ACCOUNTS, moduleAccountAt, moduleAddress } from "./keeper.ts";
import { authParams } from "./params.ts";
import { accountKey, accounts } from "./store.ts";

const SERVICE = "/cosmos.auth.v1beta1.Query";
const NODE_SERVICE = "/cosmos.base.node.v1beta1.Service";
/** chain/decode-tx.ts refuses more signers. */
const SIGNATURE_LIMIT = 16n;

function baseAccount(spec: ChainSpec, account: Account): BaseAccount {
  const base: BaseAccount = {
    address: accountText(spec, account.address),
    accountNumber: BigInt(account.accountNumber),
    sequence: BigInt(account.sequence),
  };
  if (account.publicKey.length === 0) return base;
  const value = PubKey.encode({ key: account.publicKey }).finish();
  return { ...base, pubKey: { typeUrl: SECP256K1_TYPE_URL, value } };
}

function accountAny(spec: ChainSpec, account: Account): Any {
  const base = baseAccount(spec, account);
  const module = moduleAccountAt(account.address);
  if (module === undefined) return { typeUrl: BaseAccount.typeUrl, value: BaseAccount.encode(base).finish() };
  const value = ModuleAccount.encode({
    baseAccount: base,
    name: module.name,
    permissions: [...module.permissions],
  }).finish();
  return { typeUrl: ModuleAccount.typeUrl, value };
}

function requireAccount(ctx: QueryContext, address: string): Account {
  const account = getAccount(ctx.store, queryAccount(ctx.spec, address));
  if (account === undefined) throw notFound(`account ${address} not found`);
  return account;
}

/** Least price of one gas as clients write it: `0.025uassay`. */
function gasPriceText({ spec, params }: QueryContext): string {
  const { minGasPrice } = authParams.read(params);
  const decimal = formatDecimal((minGasPrice * DECIMAL_ONE) / PRICE_UNIT);
  return `${decimal.replace(/\.?0+$/, "")}${spec.denom}`;
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Account`, QueryAccountRequest, QueryAccountResponse, (ctx, { address }) => ({
    account: accountAny(ctx.spec, requireAccount(ctx, address)),
  })),
  defineQuery(`${SERVICE}/AccountInfo`, QueryAccountInfoRequest, QueryAccountInfoResponse, (ctx, { address }) => ({
    info: baseAccount(ctx.spec, requireAccount(ctx, address)),
  })),
  defineQuery(`${SERVICE}/Accounts`, QueryAccountsRequest, QueryAccountsResponse, (ctx, request) => {
    const source = { collection: accounts, key: accountKey };
    const page = paginate(ctx.store, source, request.pagination, (address, record) =>
      accountAny(ctx.spec, { address, ...record }),
    );
    return { accounts: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/ModuleAccounts`, QueryModuleAccountsRequest, QueryModuleAccountsResponse, (ctx) => ({
    accounts: MODULE_ACCOUNTS.flatMap(({ name }) => getAccount(ctx.store, moduleAddress(name)) ?? []).map((account) =>
      accountAny(ctx.spec, account),
    ),
  })),
  defineQuery(`${SERVICE}/Bech32Prefix`, Bech32PrefixRequest, Bech32PrefixResponse, (ctx) => ({
    bech32Prefix: ctx.spec.prefix,
  })),
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, (ctx) => ({
    params: {
      maxMemoCharacters: authParams.read(ctx.params).maxMemoBytes,
      txSigLimit: SIGNATURE_LIMIT,
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
