import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secp256k1HdWallet } from "@cosmjs/amino";
import { stringToPath } from "@cosmjs/crypto";
import { toBech32 } from "@cosmjs/encoding";
import { DirectSecp256k1HdWallet, type EncodeObject, Registry } from "@cosmjs/proto-signing";
import {
  type BroadcastTxError,
  coin,
  defaultRegistryTypes,
  GasPrice,
  QueryClient,
  SigningStargateClient,
  StargateClient,
  setupDistributionExtension,
  setupStakingExtension,
} from "@cosmjs/stargate";
import { Comet38Client, type comet38, WebsocketClient } from "@cosmjs/tendermint-rpc";
import { MsgExec, MsgGrant } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { BasicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { MsgBeginRedelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { inferenceQueries } from "../../client/queries.ts";
import { encodeInputs, type TensorInput } from "../../client/tensors.ts";
import { registryTypes, signingOptions } from "../../client/transactions.ts";
import type { ReceiptJson } from "../../modules/inference/receipt.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { registerDemoModel } from "../../node/cli/demo-model.ts";
import type { ResultJson } from "../../node/cli/result-json.ts";
import { accountPath, DEVELOPMENT_MNEMONIC } from "../../node/keys/account-key.ts";
import { MsgRequestInference } from "../../proto/inference.ts";
import { signedUnordered } from "../modules/transactions.ts";
import { runNode } from "../node/child.ts";
import { temporaryFolder } from "../node/temporary-folder.ts";
import { useNetwork } from "./network.ts";
import { eventually } from "./wait.ts";

/** What a user of CosmJS does who has never heard of this chain: its own clients, not ours, against real processes. */

const network = useNetwork({ offset: 4600, params: { "consensus.emptyBlockInterval": 250n } });

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");
const INPUTS = join(import.meta.dirname, "../../genesis/models/cnn_digits.input.json");
const NOBODY = toBech32("assay", new Uint8Array(20).fill(9));
const SEND_TYPE = "/cosmos.bank.v1beta1.MsgSend";

interface User {
  readonly client: SigningStargateClient;
  readonly address: string;
}

/** Development account n as a CosmJS user: mnemonic, gas price, registry. Accounts differ, so that tests do not share sequences. */
async function user(n: number): Promise<User> {
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(DEVELOPMENT_MNEMONIC, {
    prefix: "assay",
    hdPaths: [stringToPath(accountPath(n))],
  });
  const [account] = await wallet.getAccounts();
  const client = await SigningStargateClient.connectWithSigner(network.rpc(0), wallet, {
    gasPrice: GasPrice.fromString("0.025uassay"),
    registry: new Registry([...defaultRegistryTypes, ...registryTypes]),
    broadcastPollIntervalMs: 200,
  });
  return { client, address: account?.address ?? "" };
}

const sendOf = (from: string, to: string, amount: string): EncodeObject => ({
  typeUrl: SEND_TYPE,
  value: MsgSend.fromPartial({ fromAddress: from, toAddress: to, amount: [coin(amount, "uassay")] }),
});

const feeOf = (gas: number, amount: number) => ({ gas: String(gas), amount: [coin(amount, "uassay")] });
const balanceOf = async (client: StargateClient, address: string) =>
  BigInt((await client.getBalance(address, "uassay")).amount);

beforeAll(async () => {
  await registerDemoModel(network.local, { out: () => undefined, err: () => undefined }, new AbortController().signal);
});

describe("accounts and transfers", () => {
  test("a client connects, sees the chain and its accounts", async () => {
    const client = await StargateClient.connect(network.rpc(1));
    expect(await client.getChainId()).toBe(network.local.chainId);
    expect(await client.getHeight()).toBeGreaterThan(0);
    const { address } = await user(9);
    expect(await client.getAllBalances(address)).toEqual([coin("1000000000000", "uassay")]);
    expect(await client.getAccount(address)).toMatchObject({ address, sequence: 0 });
    expect(await client.getAccount(NOBODY)).toBeNull();
    expect((await client.getBlock(1)).header).toMatchObject({ height: 1, chainId: network.local.chainId });
  });

  test("coins are sent with the gas that a simulation takes, and the transaction is found again", async () => {
    const { client, address } = await user(1);
    const to = (await user(8)).address;
    const before = await balanceOf(client, to);
    const sent = await client.sendTokens(address, to, [coin(1234, "uassay")], "auto", "hello");
    expect(sent).toMatchObject({ code: 0, rawLog: "" });
    expect(sent.gasUsed).toBeLessThanOrEqual(sent.gasWanted);
    expect((await balanceOf(client, to)) - before).toBe(1234n);
    const indexed = await client.getTx(sent.transactionHash);
    expect(indexed).toMatchObject({ hash: sent.transactionHash, height: sent.height, code: 0 });
    const transfer = indexed?.events.find(({ type, attributes }) => {
      return type === "transfer" && attributes.some(({ key, value }) => key === "recipient" && value === to);
    });
    expect(transfer?.attributes).toContainEqual({ key: "amount", value: "1234uassay" });
    const found = await client.searchTx([{ key: "transfer.recipient", value: to }]);
    expect(found.map(({ hash }) => hash)).toContain(sent.transactionHash);
    expect(await client.searchTx(`tx.height=${sent.height} AND message.sender='${address}'`)).toHaveLength(1);
    expect(await client.getTx("00".repeat(32))).toBeNull();
  });

  test("a send beyond the balance is included, fails with code 5 and costs its fee alone", async () => {
    const { client, address } = await user(2);
    const before = await balanceOf(client, address);
    const failed = await client.sendTokens(address, NOBODY, [coin(String(before), "uassay")], feeOf(100_000, 2500));
    expect(failed.code).toBe(5);
    expect(failed.rawLog).toContain("insufficient funds");
    expect(await balanceOf(client, address)).toBe(before - 2500n);
    expect(await balanceOf(client, NOBODY)).toBe(0n);
    expect(await client.getTx(failed.transactionHash)).toMatchObject({ code: 5 });
    expect((await client.getSequence(address)).sequence).toBe(1);
  });
});

describe("transactions that no block takes", () => {
  /** What the node answers to a signed transaction, as CosmJS reports it. */
  async function refusal({ client }: User, tx: Uint8Array) {
    const failure = await client.broadcastTxSync(tx).then(
      () => undefined,
      (error: BroadcastTxError) => error,
    );
    if (failure === undefined) throw new Error("the transaction was taken");
    return { codespace: failure.codespace, code: failure.code, log: failure.log ?? "" };
  }

  interface Variation {
    readonly sequence?: number;
    readonly chainId?: string;
    readonly fee?: ReturnType<typeof feeOf>;
    readonly memo?: string;
  }

  async function signed({ client, address }: User, { fee = feeOf(100_000, 2500), memo = "", ...signing }: Variation) {
    const account = await client.getSequence(address);
    const signer = { ...account, chainId: network.local.chainId, ...signing };
    return TxRaw.encode(await client.sign(address, [sendOf(address, NOBODY, "1")], fee, memo, signer)).finish();
  }

  test.each<[string, Variation, number, RegExp]>([
    [
      "a wrong sequence",
      { sequence: 5 },
      32,
      /^account sequence mismatch, expected 0, got 5: incorrect account sequence$/,
    ],
    ["the signature of another chain", { chainId: "other-1" }, 4, /signature verification failed/],
    ["a low fee", { fee: feeOf(100_000, 2499) }, 13, /required: 2500uassay/],
    ["a long memo", { memo: "x".repeat(257) }, 12, /memo/],
    ["too little gas", { fee: feeOf(1000, 2500) }, 11, /out of gas/],
  ])("%s", async (_, variation, code, log) => {
    const who = await user(3);
    const answer = await refusal(who, await signed(who, variation));
    expect(answer).toMatchObject({ codespace: "sdk", code });
    expect(answer.log).toMatch(log);
  });

  test("bytes that are none, and too many", async () => {
    const who = await user(3);
    expect(await refusal(who, Uint8Array.of(1, 2, 3))).toMatchObject({ codespace: "sdk", code: 2 });
    expect(await refusal(who, new Uint8Array(1_200_000))).toMatchObject({ codespace: "sdk", code: 21 });
  });

  test("a transaction whose signature was tampered with", async () => {
    const who = await user(3);
    const raw = TxRaw.decode(await signed(who, {}));
    raw.signatures[0]?.fill(1);
    expect(await refusal(who, TxRaw.encode(raw).finish())).toMatchObject({ codespace: "sdk", code: 4 });
  });

  test("the same one twice", async () => {
    const who = await user(4);
    const tx = await signed(who, {});
    const hash = await who.client.broadcastTxSync(tx);
    expect(await refusal(who, tx)).toMatchObject({ codespace: "sdk", code: expect.toBeOneOf([19, 32]) });
    await eventually("the transaction", async () => (await who.client.getTx(hash)) ?? undefined);
  });
});

test("stake is delegated, seen, and taken back", async () => {
  const { client, address } = await user(5);
  const validator = network.validator(2).operator;
  expect(await client.getDelegation(address, validator)).toBeNull();
  expect((await client.delegateTokens(address, validator, coin(3_000_000, "uassay"), "auto")).code).toBe(0);
  expect(await client.getDelegation(address, validator)).toEqual(coin("3000000", "uassay"));
  expect(await client.getBalanceStaked(address)).toEqual(coin("3000000", "uassay"));
  expect((await client.undelegateTokens(address, validator, coin(1_000_000, "uassay"), "auto")).code).toBe(0);
  expect(await client.getDelegation(address, validator)).toEqual(coin("2000000", "uassay"));
  const staking = QueryClient.withExtensions(
    await Comet38Client.connect(network.rpc(0)),
    setupStakingExtension,
  ).staking;
  const { unbond } = await staking.unbondingDelegation(address, validator);
  expect(unbond?.entries.map(({ balance }) => balance)).toEqual(["1000000"]);
});

test("stake moves to another validator, and its rewards are withdrawn", async () => {
  const { client, address } = await user(8);
  const [from, to] = [network.validator(1).operator, network.validator(2).operator];
  expect((await client.delegateTokens(address, from, coin(9_000_000, "uassay"), "auto")).code).toBe(0);
  const move = {
    typeUrl: MsgBeginRedelegate.typeUrl,
    value: MsgBeginRedelegate.fromPartial({
      delegatorAddress: address,
      validatorSrcAddress: from,
      validatorDstAddress: to,
      amount: coin(4_000_000, "uassay"),
    }),
  };
  expect((await client.signAndBroadcast(address, [move], "auto")).code).toBe(0);
  const { staking, distribution } = QueryClient.withExtensions(
    await Comet38Client.connect(network.rpc(0)),
    setupStakingExtension,
    setupDistributionExtension,
  );
  const { redelegationResponses } = await staking.redelegations(address, from, to);
  expect(redelegationResponses[0]?.entries[0]?.balance).toBe("4000000");
  expect((await distribution.delegatorValidators(address)).validators.sort()).toEqual([from, to].sort());
  // Its own fees are shared out by the next block, and a part of them is its own.
  await eventually("a reward", async () => {
    const { rewards } = await distribution.delegationRewards(address, from);
    return rewards.length > 0 ? true : undefined;
  });
  expect((await client.withdrawRewards(address, from, "auto")).code).toBe(0);
  expect((await distribution.communityPool()).pool[0]?.denom).toBe("uassay");
});

test("an inference is requested and followed with CosmJS alone", async () => {
  const { client, address } = await user(6);
  const comet = Comet38Client.create(new WebsocketClient(network.rpc(1).replace("http", "ws"), () => undefined));
  onTestFinished(() => comet.disconnect());
  const seen: comet38.TxEvent[] = [];
  const query = `message.action='${MsgRequestInference.typeUrl}' AND message.sender='${address}'`;
  const subscription = comet.subscribeTx(query).subscribe({ next: (event) => void seen.push(event), error: () => {} });
  onTestFinished(() => subscription.unsubscribe());
  await comet.status();

  const queries = inferenceQueries(await Comet38Client.connect(network.rpc(0)));
  const model = await queries.model("cnn_digits");
  const inputs = JSON.parse(readFileSync(INPUTS, "utf8")) as Record<string, TensorInput>;
  const value = MsgRequestInference.fromPartial({
    requester: address,
    model: "cnn_digits",
    inputs: Tensors.serialize(encodeInputs(model.inputs, inputs)),
    maxFee: coin(10_000, "uassay"),
  });
  const sent = await client.signAndBroadcast(address, [{ typeUrl: MsgRequestInference.typeUrl, value }], "auto");
  expect(sent.code).toBe(0);
  const requested = sent.events.find(({ type }) => type === "inference_requested");
  const jobId = requested?.attributes.find(({ key }) => key === "job_id")?.value ?? "";
  expect(jobId).toMatch(/^[0-9a-f]{64}$/);
  const event = await eventually("the event", () => Promise.resolve(seen[0]));
  expect(toHex(event.hash).toUpperCase()).toBe(sent.transactionHash);
  expect(event.result.events.find(({ type }) => type === "inference_requested")?.attributes).toContainEqual({
    key: "job_id",
    value: jobId,
  });
  const job = await eventually("the verdict", async () => {
    const found = await queries.job(jobId);
    return found.status === "FINAL" || found.status === "FAILED" ? found : undefined;
  });
  expect(job).toMatchObject({ status: "FINAL", requester: address, requestedHeight: BigInt(sent.height) });
});

describe("the command line", () => {
  async function assay(...args: string[]): Promise<{ code: number | string; output: string }> {
    const child = runNode([MAIN, ...args]);
    return { code: await child.ended, output: child.output() };
  }

  test("infers, asks for the set, and verifies offline; with another set it says which one is needed", async () => {
    const folder = temporaryFolder();
    const at = (name: string) => join(folder, name);
    const node = ["--node", network.rpc(2)];
    const inferred = await assay("infer", "cnn_digits", "--inputs", INPUTS, "--json", "--from", "dev7", ...node);
    expect(inferred.code).toBe(0);
    const result = JSON.parse(inferred.output) as ResultJson;
    expect(Object.keys(result)).toEqual([
      "jobId",
      "status",
      "lane",
      "requestedHeight",
      "finalHeight",
      "latencyMs",
      "outputs",
      "outputRoot",
      "receipt",
    ]);
    expect(result.outputs.map(({ name, dtype, shape, data }) => [name, dtype, shape, data.length])).toEqual([
      ["logits", "float32", [1, 10], 56],
      ["prob", "float32", [1, 10], 56],
    ]);
    expect(result.outputs.map((output) => Object.keys(output))).toEqual(
      Array(2).fill(["name", "dtype", "shape", "data"]),
    );
    expect(result.receipt).toMatchObject({
      jobId: result.jobId,
      outputRoot: result.outputRoot,
    } satisfies Partial<ReceiptJson>);
    writeFileSync(at("result.json"), inferred.output);

    // The set changes, so that the one of the request's height is another than the next one.
    const { client, address } = await user(7);
    const delegated = await client.delegateTokens(
      address,
      network.validator(1).operator,
      coin(7_000_000, "uassay"),
      "auto",
    );
    expect(delegated.code).toBe(0);
    const height = String(result.requestedHeight);
    const [before, after] = await Promise.all([
      assay("query", "validator-set", "--height", height, ...node),
      assay("query", "validator-set", ...node),
    ]);
    writeFileSync(at("before.json"), before.output);
    writeFileSync(at("after.json"), after.output);
    expect(JSON.parse(before.output)).toMatchObject({ chainId: network.local.chainId, height: result.requestedHeight });
    const [valid, invalid] = await Promise.all([
      assay("verify", at("result.json"), "--trust", at("before.json")),
      assay("verify", at("result.json"), "--trust", at("after.json")),
    ]);
    expect(valid).toMatchObject({ code: 0, output: expect.stringMatching(/^valid: [34] of 4 validators /) });
    expect(invalid).toMatchObject({
      code: 1,
      output: expect.stringContaining(`query validator-set --height ${height}\n`),
    });
    expect(invalid.output).toMatch(/^not valid: /);
  });
});

describe("a hardware wallet's user", () => {
  test("signs amino JSON, lets another account pay, and lets it act", async () => {
    const options = { prefix: "assay", hdPaths: [stringToPath(accountPath(8))] };
    const ledger = await Secp256k1HdWallet.fromMnemonic(DEVELOPMENT_MNEMONIC, options);
    const client = await SigningStargateClient.connectWithSigner(network.rpc(2), ledger, {
      ...signingOptions(GasPrice.fromString("0.025uassay")),
      broadcastPollIntervalMs: 200,
    });
    const { address } = await user(8);
    const friend = await user(9);
    const messages = [
      {
        typeUrl: MsgGrantAllowance.typeUrl,
        value: {
          granter: address,
          grantee: friend.address,
          allowance: { typeUrl: BasicAllowance.typeUrl, value: BasicAllowance.encode({ spendLimit: [] }).finish() },
        },
      },
      {
        typeUrl: MsgGrant.typeUrl,
        value: {
          granter: address,
          grantee: friend.address,
          grant: {
            authorization: {
              typeUrl: SendAuthorization.typeUrl,
              value: SendAuthorization.encode({ spendLimit: [coin(500, "uassay")], allowList: [] }).finish(),
            },
          },
        },
      },
    ];
    const granted = await client.signAndBroadcast(address, messages, feeOf(400_000, 10_000), "<hello> & goodbye");
    expect(granted).toMatchObject({ code: 0, rawLog: "" });
    const [before, paid] = await Promise.all([balanceOf(client, address), balanceOf(client, friend.address)]);
    const exec = {
      typeUrl: MsgExec.typeUrl,
      value: {
        grantee: friend.address,
        msgs: [{ typeUrl: SEND_TYPE, value: MsgSend.encode(sendOf(address, NOBODY, "500").value).finish() }],
      },
    };
    const fee = { ...feeOf(400_000, 10_000), granter: address };
    expect(await friend.client.signAndBroadcast(friend.address, [exec], fee)).toMatchObject({ code: 0, rawLog: "" });
    expect(await balanceOf(client, address)).toBe(before - 10_500n);
    expect(await balanceOf(client, friend.address)).toBe(paid);
  });
});

test("unordered transactions of one account are taken in any order, each once", async () => {
  const direct = await DirectSecp256k1HdWallet.fromMnemonic(DEVELOPMENT_MNEMONIC, {
    prefix: "assay",
    hdPaths: [stringToPath(accountPath(9))],
  });
  const [{ address, pubkey: publicKey } = { address: "", pubkey: new Uint8Array(0) }] = await direct.getAccounts();
  const client = await StargateClient.connect(network.rpc(1));
  const to = toBech32("assay", new Uint8Array(20).fill(10));
  const { accountNumber = 0, sequence } = (await client.getAccount(address)) ?? {};
  const latest = Date.parse((await client.getBlock()).header.time);
  const options = { chainId: network.local.chainId, accountNumber: Number(accountNumber) };
  const txs = await Promise.all(
    [90_000, 60_000, 75_000].map((after) =>
      signedUnordered({ address, publicKey, direct }, [sendOf(address, to, "5")], {
        ...options,
        timeoutMs: latest + after,
      }),
    ),
  );
  const sent = await Promise.all(txs.map((bytes) => client.broadcastTx(bytes, 60_000, 200)));
  expect(sent.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(await balanceOf(client, to)).toBe(15n);
  expect((await client.getAccount(address))?.sequence).toBe(sequence);
  await expect(client.broadcastTxSync(txs[0] ?? new Uint8Array(0))).rejects.toThrow();
});

describe("the examples of the documents run", () => {
  test.each(["README.md", "client/README.md"])("%s", async (file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const [block = ""] = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
    expect(block).toContain("http://127.0.0.1:26657");
    const code = block.replace("http://127.0.0.1:26657", network.rpc(3)).replaceAll('from "./', `from "${ROOT}/`);
    const child = runNode(["--input-type=module-typescript", "--eval", code]);
    expect({ code: await child.ended, output: child.output() }).toEqual({
      code: 0,
      output: expect.stringMatching(/^FINAL \[/),
    });
  });
});
