import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { MsgDelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { equalBytes, utf8 } from "../../../chain/bytes.ts";
import { decodeTx } from "../../../chain/decode-tx.ts";
import { QueryError, TxError } from "../../../chain/errors.ts";
import type { QueryContext } from "../../../chain/module.ts";
import { modules } from "../../../modules/registry.ts";
import { createLog } from "../../../node/log.ts";
import { answerText } from "../../../node/rpc/dispatch.ts";
import { DEFAULT_LIMITS } from "../../../node/rpc/limits.ts";
import { METHODS } from "../../../node/rpc/methods.ts";
import { MAX_CONDITIONS, parseQuery, QuerySyntaxError } from "../../../node/rpc/query-language.ts";
import { MsgRegisterModel, MsgRequestInference } from "../../../proto/inference.ts";
import { createChain, requestOf } from "../../inference/harness.ts";
import { accountOf, SPEC, valoperOf } from "../../modules/network.ts";
import { createFakeNode } from "../../rpc/fake-node.ts";
import { ensure, type FuzzTarget } from "../target.ts";

const registry = new Map(modules.flatMap(({ messages }) => messages.map((type) => [type.typeUrl, type] as const)));

function txOf(typeUrl: string, value: Uint8Array): Uint8Array {
  const publicKey = PubKey.encode({ key: new Uint8Array(33).fill(2) }).finish();
  const authInfo = AuthInfo.fromPartial({
    signerInfos: [
      {
        publicKey: { typeUrl: "/cosmos.crypto.secp256k1.PubKey", value: publicKey },
        modeInfo: { single: { mode: SignMode.SIGN_MODE_DIRECT } },
        sequence: 3n,
      },
    ],
    fee: { amount: [{ denom: SPEC.denom, amount: "5000" }], gasLimit: 200_000n },
  });
  return TxRaw.encode({
    bodyBytes: TxBody.encode(TxBody.fromPartial({ messages: [{ typeUrl, value }], memo: "fuzz" })).finish(),
    authInfoBytes: AuthInfo.encode(authInfo).finish(),
    signatures: [new Uint8Array(64).fill(1)],
  }).finish();
}

const coin = { denom: SPEC.denom, amount: "17" };
const [alice, bob] = [accountOf("alice"), accountOf("bob")];

/** Refused with a TxError, or a transaction whose bytes are its only encoding and whose messages can be checked. */
const transaction: FuzzTarget = {
  name: "transaction",
  maxBytes: 4096,
  seeds: () => [
    txOf(MsgSend.typeUrl, MsgSend.encode({ fromAddress: alice, toAddress: bob, amount: [coin] }).finish()),
    txOf(
      MsgDelegate.typeUrl,
      MsgDelegate.encode({ delegatorAddress: alice, validatorAddress: valoperOf("bob"), amount: coin }).finish(),
    ),
    txOf(MsgRequestInference.typeUrl, MsgRequestInference.encode(requestOf()).finish()),
    txOf(
      MsgRegisterModel.typeUrl,
      MsgRegisterModel.encode(MsgRegisterModel.fromPartial({ owner: alice, name: "digits" })).finish(),
    ),
  ],
  run(bytes) {
    try {
      const tx = decodeTx(bytes, registry, SPEC);
      ensure(equalBytes(tx.bytes, bytes), "the bytes are others");
      ensure(tx.messages.length > 0 && tx.signers.every(({ length }) => length === 20), "no messages, or odd signers");
      for (const message of tx.messages) message.validate();
    } catch (error) {
      if (!(error instanceof TxError)) throw error;
    }
  },
};

/** The last part of its name, or all of it where versions of a module share it: `MsgSend`, `gov-v1-MsgVote`. */
function shortName(typeUrl: string): string {
  const last = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
  const isShared = [...registry.keys()].filter((other) => last(other) === last(typeUrl)).length > 1;
  return isShared ? typeUrl.split(".").slice(-3).join("-") : last(typeUrl);
}

function messageTarget(typeUrl: string): FuzzTarget {
  return {
    name: `message-${shortName(typeUrl)}`,
    maxBytes: 2048,
    seeds: () => transaction.seeds().map((tx) => TxBody.decode(TxRaw.decode(tx).bodyBytes).messages[0]?.value ?? tx),
    run: (bytes) => transaction.run(txOf(typeUrl, bytes)),
  };
}

/** Queries of every module over a state with accounts, stake, a model and a job. The first byte chooses one. */
function queryTarget(): FuzzTarget {
  let made: QueryContext | undefined;
  const queries = modules.flatMap((module) => module.queries);
  const context = (): QueryContext => {
    if (made !== undefined) return made;
    const chain = createChain();
    chain.request();
    const { store, height, params, validators } = chain;
    made = { store, height, time: 1_700_000_000_000, spec: SPEC, params, validators };
    return made;
  };
  return {
    name: "module-queries",
    maxBytes: 512,
    seeds: () =>
      queries.flatMap((_, index) => [
        Uint8Array.of(index),
        // Field 1 as a text: an address, for most requests.
        Uint8Array.of(index, 0x0a, alice.length, ...utf8(alice)),
        Uint8Array.of(index, 0x0a, 2, 0x10, 5),
      ]),
    run(bytes) {
      const query = queries[(bytes[0] ?? 0) % queries.length];
      try {
        query?.handle(context(), bytes.subarray(1));
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
      }
    },
  };
}

const calls = [...METHODS.keys()].flatMap((method) => [
  { jsonrpc: "2.0", id: 1, method, params: {} },
  { jsonrpc: "2.0", id: "a", method, params: ["1", "2"] },
  { jsonrpc: "2.0", id: 2, method, params: { height: "2", hash: "AAAA", tx: "AAAA", path: "/x", query: "a.b EXISTS" } },
]);

/** Whatever text comes, the answer is JSON (or none), and no call reaches a fault of the node. */
function rpcTarget(): FuzzTarget {
  const faults: string[] = [];
  const log = createLog({ level: "error", name: "fuzz", write: (line) => void faults.push(line) });
  const { api } = createFakeNode(3);
  const ctx = { api, log, limits: { ...DEFAULT_LIMITS, commitTimeout: 1 }, address: "127.0.0.1:1", commitWaiters: 0 };
  return {
    name: "json-rpc",
    maxBytes: 2048,
    seeds: () => [...calls, calls.slice(0, 3)].map((call) => utf8(JSON.stringify(call))),
    async run(bytes) {
      const answer = await answerText({ ctx, observe: () => undefined }, Buffer.from(bytes).toString("utf8"));
      if (answer !== undefined) JSON.parse(answer);
      const [fault] = faults.splice(0);
      // The fake node has such a bug on purpose.
      ensure(fault === undefined || fault.includes("a bug"), `a call failed inside the node: ${fault}`);
    },
  };
}

const queryLanguage: FuzzTarget = {
  name: "query-language",
  maxBytes: 600,
  seeds: () =>
    ["tm.event='Tx' AND tx.hash='AB' AND tx.height<=9", "a.b EXISTS", "a.b CONTAINS 'x'", "a.b < -1.5"].map(utf8),
  run(bytes) {
    try {
      const conditions = parseQuery(Buffer.from(bytes).toString("latin1"));
      ensure(conditions.length >= 1 && conditions.length <= MAX_CONDITIONS, `${conditions.length} conditions`);
    } catch (error) {
      if (!(error instanceof QuerySyntaxError)) throw error;
    }
  },
};

export const clientTargets: readonly FuzzTarget[] = [
  transaction,
  ...[...registry.keys()].map(messageTarget),
  queryTarget(),
  rpcTarget(),
  queryLanguage,
];
