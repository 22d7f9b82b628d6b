import { createMultisigThresholdPubkey, encodeSecp256k1Pubkey, pubkeyToAddress, Secp256k1Wallet } from "@cosmjs/amino";
import { fromBech32, toBech32 } from "@cosmjs/encoding";
import { DirectSecp256k1Wallet, type EncodeObject } from "@cosmjs/proto-signing";
import {
  coin,
  type DeliverTxResponse,
  GasPrice,
  makeMultisignedTxBytes,
  QueryClient,
  SigningStargateClient,
  setupAuthExtension,
  setupAuthzExtension,
  setupBankExtension,
  setupDistributionExtension,
  setupFeegrantExtension,
  setupGovExtension,
  setupIbcExtension,
  setupMintExtension,
  setupSlashingExtension,
  setupStakingExtension,
  setupTxExtension,
} from "@cosmjs/stargate";
import { Comet38Client } from "@cosmjs/tendermint-rpc";
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { MsgExec, MsgGrant, MsgRevoke } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { MsgMultiSend, MsgSend, MsgSetSendEnabled } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { PubKey as Ed25519PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import {
  MsgCommunityPoolSpend,
  MsgDepositValidatorRewardsPool,
  MsgFundCommunityPool,
  MsgSetWithdrawAddress,
  MsgWithdrawDelegatorReward,
  MsgWithdrawValidatorCommission,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { AllowedMsgAllowance, BasicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance, MsgPruneAllowances, MsgRevokeAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { ProposalStatus, VoteOption } from "cosmjs-types/cosmos/gov/v1/gov";
import * as govV1 from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import * as govV1Beta1 from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { MsgCreateGroup } from "cosmjs-types/cosmos/group/v1/tx";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgCreateValidator,
  MsgDelegate,
  MsgEditValidator,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import {
  MsgCreatePeriodicVestingAccount,
  MsgCreatePermanentLockedAccount,
  MsgCreateVestingAccount,
} from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { Any } from "cosmjs-types/google/protobuf/any";
import { MsgTransfer } from "cosmjs-types/ibc/applications/transfer/v1/tx";
import { beforeAll, describe, expect, test } from "vitest";
import { fromHex, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { possessionSigningRoot } from "../../chain/types/possession.ts";
import { inferenceQueries } from "../../client/queries.ts";
import { encodeInputs } from "../../client/tensors.ts";
import { signingOptions } from "../../client/transactions.ts";
import { moduleAddress } from "../../modules/auth/keeper.ts";
import { dtypeName } from "../../modules/inference/tensor-check.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { modules } from "../../modules/registry.ts";
import { homePaths, readGenesis } from "../../node/home.ts";
import { loadAccountKey } from "../../node/keys/account-key.ts";
import { createIdentityKey, createVoteKey } from "../../node/keys/node-keys.ts";
import {
  MsgAcceptModel,
  MsgCancelSchedule,
  MsgDeprecateModel,
  MsgInferThen,
  MsgOpenAppeal,
  MsgRegisterBlob,
  MsgRegisterModel,
  MsgRequestInference,
  MsgScheduleInference,
  MsgSetInferenceTiers,
  MsgTransferModel,
} from "../../proto/inference.ts";
import { MsgUpdateParams } from "../../proto/params.ts";
import { MsgSetVoteKey } from "../../proto/staking.ts";
import { temporaryFolder } from "../node/temporary-folder.ts";
import { CNN_DIGITS, fixtureModel, manifestOf, rowOf } from "../scenarios/models.ts";
import { useNetwork } from "../scenarios/network.ts";
import { eventually } from "../scenarios/wait.ts";

/**
 * Every query and every transaction that CosmJS's client has for what this chain does, and the chain's own, in both sign modes, against real
 * processes. What CosmJS offers is read from CosmJS, so that nothing new in it is passed over.
 */

const OFFSET = 9600;
const network = useNetwork({
  offset: OFFSET,
  params: {
    "consensus.emptyBlockInterval": 250n,
    "gov.votingPeriod": 9000n,
    "gov.expeditedVotingPeriod": 3000n,
    "staking.unbondingTime": 600_000n,
  },
});

const GAS_PRICE = GasPrice.fromString("0.025uassay");
const PREFIX = "assay";
const AUTHORITY = toBech32(PREFIX, moduleAddress("gov"));
const address = (text: string): string => toBech32(PREFIX, sha256(Buffer.from(text)).subarray(0, 20));
const uassay = (amount: number) => coin(amount, "uassay");
const feeOf = (gas: number) => ({ gas: String(gas), amount: [uassay(gas / 40)] });
const WIDE = feeOf(600_000);

type Mode = "direct" | "amino";
const MODES: readonly Mode[] = ["direct", "amino"];

interface User {
  readonly client: SigningStargateClient;
  readonly address: string;
  readonly publicKey: Uint8Array;
}

async function userOf(privateKey: Uint8Array, mode: Mode): Promise<User> {
  const wallet = await (mode === "direct" ? DirectSecp256k1Wallet : Secp256k1Wallet).fromKey(privateKey, PREFIX);
  const [account] = await wallet.getAccounts();
  if (account === undefined) throw new Error("a wallet has an account");
  const client = await SigningStargateClient.connectWithSigner(network.rpc(0), wallet, signingOptions(GAS_PRICE));
  return { client, address: account.address, publicKey: account.pubkey };
}

const developer = (n: number, mode: Mode): Promise<User> =>
  userOf(network.local.accounts[n]?.privateKey ?? new Uint8Array(0), mode);

const homeOf = (i: number) => homePaths(network.local.nodes[i]?.home ?? "");
const operator = async (i: number, mode: Mode): Promise<User> =>
  userOf((await loadAccountKey(homeOf(i).operatorKey)).privateKey, mode);

/** What was sent in a sign mode, by type. */
const sent: Readonly<Record<Mode, Set<string>>> = { direct: new Set(), amino: new Set() };

interface Type<T> {
  readonly typeUrl: string;
  fromPartial(value: never): T;
}

function messageOf(type: Type<unknown>, value: object): EncodeObject {
  return { typeUrl: type.typeUrl, value: type.fromPartial(value as never) };
}

const packed = <T>(type: { typeUrl: string; encode(value: T): { finish(): Uint8Array } }, value: T) =>
  Any.fromPartial({ typeUrl: type.typeUrl, value: type.encode(value).finish() });

const attribute = ({ events }: DeliverTxResponse, type: string, key: string): string =>
  events
    .find((event) => event.type === type && event.attributes.some((one) => one.key === key))
    ?.attributes.find((one) => one.key === key)?.value ?? "";

const QUERIES = [
  setupAuthExtension,
  setupAuthzExtension,
  setupBankExtension,
  setupDistributionExtension,
  setupFeegrantExtension,
  setupGovExtension,
  setupMintExtension,
  setupSlashingExtension,
  setupStakingExtension,
  setupTxExtension,
  setupIbcExtension,
] as const;

async function queryClient() {
  return QueryClient.withExtensions(await Comet38Client.connect(network.rpc(1)), ...QUERIES);
}

/** Client and methods, `staking.validator`, of all of CosmJS's query extensions. */
function methodsOf(clients: object, path = ""): string[] {
  return Object.entries(clients).flatMap(([name, value]) => {
    if (typeof value === "function") return [`${path}${name}`];
    return typeof value === "object" && value !== null ? methodsOf(value, `${path}${name}.`) : [];
  });
}

/** The same, which notes what is called. */
function noting<T extends object>(clients: T, called: Set<string>, path = ""): T {
  return new Proxy(clients, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value === "function") called.add(`${path}${String(name)}`);
      return typeof value === "object" && value !== null ? noting(value, called, `${path}${String(name)}.`) : value;
    },
  });
}

beforeAll(async () => {
  await network.admit(await network.client(0), fixtureModel(CNN_DIGITS));
});

describe.each(MODES)("in sign mode %s", (mode) => {
  const first = mode === "direct" ? 1 : 5;
  let alice: User;
  let bob: User;
  const validator = (i: number): string => network.validator(i).operator;

  /** Simulates, signs, sends, and expects success. */
  async function send(from: User, ...messages: readonly EncodeObject[]): Promise<DeliverTxResponse> {
    for (const { typeUrl } of messages) sent[mode].add(typeUrl);
    const result = await from.client.signAndBroadcast(from.address, messages, "auto");
    expect({ code: result.code, log: result.rawLog }).toEqual({ code: 0, log: "" });
    return result;
  }

  /** In a block, and failed there. */
  async function fails(from: User, message: EncodeObject): Promise<string> {
    sent[mode].add(message.typeUrl);
    const { code, rawLog } = await from.client.signAndBroadcast(from.address, [message], WIDE);
    expect(code).not.toBe(0);
    return rawLog ?? "";
  }

  /** Not even taken. */
  async function refused(from: User, message: EncodeObject): Promise<string> {
    sent[mode].add(message.typeUrl);
    const taken = from.client.signAndBroadcast(from.address, [message], WIDE);
    return taken.then(
      () => "taken",
      (error: unknown) => String(error),
    );
  }

  const held = async (who: string): Promise<bigint> => BigInt((await alice.client.getBalance(who, "uassay")).amount);

  beforeAll(async () => {
    [alice, bob] = await Promise.all([developer(first, mode), developer(first + 1, mode)]);
  });

  test("bank", async () => {
    const [one, two] = [address(`${mode} one`), address(`${mode} two`)];
    await send(alice, messageOf(MsgSend, { fromAddress: alice.address, toAddress: one, amount: [uassay(5)] }));
    const outputs = [one, two].map((to) => ({ address: to, coins: [uassay(7)] }));
    const inputs = [{ address: alice.address, coins: [uassay(14)] }];
    await send(alice, messageOf(MsgMultiSend, { inputs, outputs }));
    expect([await held(one), await held(two)]).toEqual([12n, 7n]);
  });

  test("staking, and rewards of it", async () => {
    const [from, to] = [validator(0), validator(1)];
    const delegator = { delegatorAddress: alice.address };
    const at = (validatorAddress: string, amount: number) => ({
      ...delegator,
      validatorAddress,
      amount: uassay(amount),
    });
    await send(alice, messageOf(MsgDelegate, at(from, 900_000_000_000)));
    const left = await send(alice, messageOf(MsgUndelegate, at(from, 200_000_000_000)));
    const cancelled = { ...at(from, 50_000_000_000), creationHeight: BigInt(left.height) };
    await send(alice, messageOf(MsgCancelUnbondingDelegation, cancelled));
    const move = { ...delegator, validatorSrcAddress: from, validatorDstAddress: to, amount: uassay(300_000_000_000) };
    await send(alice, messageOf(MsgBeginRedelegate, move));
    expect((await alice.client.getDelegation(alice.address, from))?.amount).toBe("450000000000");

    const payee = address(`${mode} payee`);
    await send(alice, messageOf(MsgSetWithdrawAddress, { ...delegator, withdrawAddress: payee }));
    await eventually("rewards", async () => {
      await send(alice, messageOf(MsgWithdrawDelegatorReward, { ...delegator, validatorAddress: from }));
      return (await held(payee)) > 0n ? true : undefined;
    });
    const owner = await operator(mode === "direct" ? 1 : 2, mode);
    const own = validator(mode === "direct" ? 1 : 2);
    await send(owner, messageOf(MsgWithdrawValidatorCommission, { validatorAddress: own }));
    await send(alice, messageOf(MsgFundCommunityPool, { depositor: alice.address, amount: [uassay(5_000_000)] }));
    const pool = { depositor: alice.address, validatorAddress: from, amount: [uassay(1000)] };
    await send(alice, messageOf(MsgDepositValidatorRewardsPool, pool));
  });

  test("a validator is made, described, and given a vote key", async () => {
    const folder = temporaryFolder();
    const identity = createIdentityKey(`${folder}/identity`);
    const vote = createVoteKey(`${folder}/vote`);
    const key = identity.publicKey;
    const own = toBech32(`${PREFIX}valoper`, fromBech32(bob.address).data);
    const rate = "50000000000000000";
    const description = { moniker: `by ${mode}`, identity: "", website: "", securityContact: "", details: "" };
    await send(
      bob,
      messageOf(MsgCreateValidator, {
        description,
        commission: { rate, maxRate: "200000000000000000", maxChangeRate: "10000000000000000" },
        minSelfDelegation: "1",
        delegatorAddress: bob.address,
        validatorAddress: own,
        pubkey: packed(Ed25519PubKey, { key }),
        value: uassay(2_000_000),
      }),
    );
    const { spec } = readGenesis(homeOf(0).genesis, modules);
    const data = { operator: fromBech32(bob.address).data, identityKey: key, voteKey: vote.publicKey };
    const root = possessionSigningRoot(data, spec.genesisRoot);
    await send(
      bob,
      messageOf(MsgSetVoteKey, {
        validatorAddress: own,
        voteKey: vote.publicKey,
        proofOfPossession: vote.sign(root),
        identitySignature: identity.sign(root),
      }),
    );
    const details = "described anew";
    await send(bob, messageOf(MsgEditValidator, { description: { ...description, details }, validatorAddress: own }));
    const { validator: found } = await (await queryClient()).staking.validator(own);
    expect(found?.description).toMatchObject({ moniker: `by ${mode}`, details });
    expect(await fails(bob, messageOf(MsgUnjail, { validatorAddr: own }))).toMatch(/not jailed/);
  });

  test("vesting", async () => {
    const [continuous, locked, periodic] = ["continuous", "locked", "periodic"].map((kind) =>
      address(`${mode} ${kind}`),
    );
    const from = { fromAddress: alice.address, amount: [uassay(1000)] };
    const inAnHour = BigInt(Math.floor(Date.now() / 1000) + 3600);
    const ending = { ...from, toAddress: continuous, endTime: inAnHour, delayed: false };
    await send(alice, messageOf(MsgCreateVestingAccount, ending));
    await send(alice, messageOf(MsgCreatePermanentLockedAccount, { ...from, toAddress: locked }));
    const vestingPeriods = [{ length: 3600n, amount: [uassay(1000)] }];
    const { fromAddress } = from;
    const periods = { fromAddress, toAddress: periodic, startTime: inAnHour - 3600n, vestingPeriods };
    await send(alice, messageOf(MsgCreatePeriodicVestingAccount, periods));
    for (const who of [continuous, locked, periodic]) expect(await held(who ?? "")).toBe(1000n);
  });

  test("authz and feegrant", async () => {
    const [granter, grantee] = [alice.address, bob.address];
    const authorization = packed(GenericAuthorization, { msg: MsgSend.typeUrl });
    await send(alice, messageOf(MsgGrant, { granter, grantee, grant: { authorization } }));
    const to = address(`${mode} by grant`);
    const msgs = [packed(MsgSend, { fromAddress: granter, toAddress: to, amount: [uassay(9)] })];
    await send(bob, messageOf(MsgExec, { grantee, msgs }));
    expect(await held(to)).toBe(9n);
    await send(alice, messageOf(MsgRevoke, { granter, grantee, msgTypeUrl: MsgSend.typeUrl }));
    expect(await fails(bob, messageOf(MsgExec, { grantee, msgs }))).toMatch(/authorization not found/);

    const basic = packed(BasicAllowance, BasicAllowance.fromPartial({ spendLimit: [uassay(1_000_000)] }));
    const allowance = packed(AllowedMsgAllowance, { allowance: basic, allowedMessages: [MsgSend.typeUrl] });
    await send(alice, messageOf(MsgGrantAllowance, { granter, grantee, allowance }));
    const before = await held(grantee);
    const one = messageOf(MsgSend, { fromAddress: grantee, toAddress: to, amount: [uassay(1)] });
    const paid = await bob.client.signAndBroadcast(grantee, [one], { ...feeOf(200_000), granter });
    expect([paid.code, await held(grantee)]).toEqual([0, before - 1n]);
    await send(alice, messageOf(MsgRevokeAllowance, { granter, grantee }));
    await send(alice, messageOf(MsgPruneAllowances, { pruner: granter }));
  });

  test("governance, both versions, down to what a proposal carries out", async () => {
    const proposer = alice.address;
    const initialDeposit = [uassay(5_000_000)];
    const to = address(`${mode} by proposal`);
    const name = "auth.maxMemoBytes";
    const changes = [{ name, value: mode === "direct" ? 300n : 400n }];
    const carried = [
      packed(MsgUpdateParams, MsgUpdateParams.fromPartial({ authority: AUTHORITY, changes })),
      packed(MsgCommunityPoolSpend, { authority: AUTHORITY, recipient: to, amount: [uassay(1000)] }),
      packed(MsgSetSendEnabled, {
        authority: AUTHORITY,
        sendEnabled: [{ denom: `unone${mode}`, enabled: false }],
        useDefaultFor: [],
      }),
    ];
    const about = { title: "a title", summary: "a summary", metadata: "" };
    const submitted = messageOf(govV1.MsgSubmitProposal, { messages: carried, initialDeposit, proposer, ...about });
    const id = BigInt(attribute(await send(alice, submitted), "submit_proposal", "proposal_id"));
    await send(
      bob,
      messageOf(govV1.MsgDeposit, { proposalId: id, depositor: bob.address, amount: [uassay(5_000_000)] }),
    );
    const voters = await Promise.all([0, 1, 2].map((i) => operator(i, mode)));
    const { VOTE_OPTION_YES, VOTE_OPTION_ABSTAIN } = VoteOption;
    /** Version 1 has decimals as text, version 1beta1 scaled by 10^18. */
    const options = (nine: string, one: string) => [
      { option: VOTE_OPTION_YES, weight: nine },
      { option: VOTE_OPTION_ABSTAIN, weight: one },
    ];
    const split = options("0.9", "0.1");
    const scaled = options("900000000000000000", "100000000000000000");
    const [v0, v1, v2] = voters;
    if (v0 === undefined || v1 === undefined || v2 === undefined) throw new Error("three operators");
    const yes = VOTE_OPTION_YES;
    await Promise.all([
      send(v0, messageOf(govV1.MsgVote, { proposalId: id, voter: v0.address, option: yes, metadata: "" })),
      send(v1, messageOf(govV1.MsgVoteWeighted, { proposalId: id, voter: v1.address, options: split, metadata: "" })),
      send(v2, messageOf(govV1Beta1.MsgVote, { proposalId: id, voter: v2.address, option: yes })),
    ]);
    const { gov } = await queryClient();
    expect(await gov.vote(String(id), v0.address).then(({ vote }) => vote?.options[0]?.option)).toBe(yes);
    await eventually("the proposal's end", async () => {
      const { proposal } = await gov.proposal(String(id));
      return Number(proposal?.status) === ProposalStatus.PROPOSAL_STATUS_PASSED ? true : undefined;
    });
    expect(await held(to)).toBe(1000n);

    const text = packed(TextProposal, { title: "a text", description: "of the old kind" });
    const old = messageOf(govV1Beta1.MsgSubmitProposal, { content: text, initialDeposit, proposer });
    const second = BigInt(attribute(await send(alice, old), "submit_proposal", "proposal_id"));
    const more = { proposalId: second, depositor: bob.address, amount: [uassay(5_000_000)] };
    await send(bob, messageOf(govV1Beta1.MsgDeposit, more));
    await send(v0, messageOf(govV1Beta1.MsgVoteWeighted, { proposalId: second, voter: v0.address, options: scaled }));
    await send(alice, messageOf(govV1.MsgCancelProposal, { proposalId: second, proposer }));
  });

  test("what only governance may do is refused to everybody else", async () => {
    const authority = AUTHORITY;
    const plan = { name: "next", height: 1_000_000n, info: "" };
    const content = packed(TextProposal, { title: "t", description: "d" });
    const only: readonly EncodeObject[] = [
      messageOf(MsgUpdateParams, { authority, changes: [{ name: "auth.maxMemoBytes", value: 300n }] }),
      messageOf(MsgCommunityPoolSpend, { authority, recipient: alice.address, amount: [uassay(1)] }),
      messageOf(MsgSetSendEnabled, { authority, sendEnabled: [], useDefaultFor: [] }),
      messageOf(MsgSoftwareUpgrade, { authority, plan }),
      messageOf(MsgCancelUpgrade, { authority }),
      messageOf(govV1.MsgExecLegacyContent, { authority, content }),
    ];
    // Governance would pay the fee, and signs nothing.
    const why = /insufficient funds|pubKey does not match signer address/;
    for (const message of only) expect(await refused(alice, message)).toMatch(why);
  });

  test("the chain's own: a model is registered, a run is requested", async () => {
    // Nobody uploads it, so that it is never active.
    const { manifest } = manifestOf(CNN_DIGITS, utf8(`no model, ${mode}`), { name: `cnn_${mode}` });
    const named = { ...manifest, maxDeposit: uassay(100_000_000) };
    await send(alice, messageOf(MsgRegisterModel, { ...named, owner: alice.address }));
    const queries = inferenceQueries(await Comet38Client.connect(network.rpc(1)));
    const model = await queries.model(CNN_DIGITS.name);
    const request = {
      requester: alice.address,
      model: CNN_DIGITS.name,
      inputs: Tensors.serialize(encodeInputs(model.inputs, rowOf(CNN_DIGITS, 1))),
      maxFee: uassay(10_000),
    };
    const requested = await send(alice, messageOf(MsgRequestInference, request));
    const jobId = attribute(requested, "inference_requested", "job_id");
    const { status, revealEnd } = await eventually("the verdict", async () => {
      const found = await queries.job(jobId);
      return found.status === "FINAL" || found.status === "FAILED" ? found : undefined;
    });
    expect(status).toBe("FINAL");
    // Nothing comes of it but the loss of the bond.
    await network.waitForHeight(0, Number(revealEnd) + 1);
    const appealBond = await queries.parameter("appealBond");
    const appeal = { appellant: alice.address, jobId: fromHex(jobId), inputs: request.inputs };
    await send(alice, messageOf(MsgOpenAppeal, { ...appeal, bond: uassay(Number(appealBond)) }));
  });

  test("a run every so many blocks, inputs as a blob, the tiers that a validator serves", async () => {
    const queries = inferenceQueries(await Comet38Client.connect(network.rpc(1)));
    const model = await queries.model(CNN_DIGITS.name);
    const tensors = encodeInputs(model.inputs, rowOf(CNN_DIGITS, 2));
    const inputs = Tensors.serialize(tensors);
    const request = { requester: alice.address, model: CNN_DIGITS.name, inputs, maxFee: uassay(10_000) };
    const scheduled = await send(alice, messageOf(MsgScheduleInference, { request, every: 100n, runs: 3n }));
    const schedule = BigInt(attribute(scheduled, "inference_scheduled", "schedule"));
    await send(alice, messageOf(MsgCancelSchedule, { owner: alice.address, schedule }));

    // Nobody uploads it, so that nobody finds it available.
    const blob = {
      owner: alice.address,
      blobRoot: sha256(utf8(`no blob, ${mode}`)),
      blobBytes: BigInt(inputs.length),
      inputsRoot: Tensors.hashTreeRoot(tensors),
      tensors: tensors.map(({ dtype, shape }) => ({ dtype: dtypeName(dtype), shape: shape.map(BigInt) })),
      blocks: 10n,
      maxDeposit: uassay(1_000_000),
    };
    await send(alice, messageOf(MsgRegisterBlob, blob));

    const owner = await operator(3, mode);
    await send(owner, messageOf(MsgSetInferenceTiers, { operator: validator(3), tiers: [0, 1] }));
  });

  test("a model is handed on, and back", async () => {
    const owner = await developer(0, mode);
    const model = CNN_DIGITS.name;
    for (const [from, to] of [
      [owner, alice],
      [alice, owner],
    ] as const) {
      await send(from, messageOf(MsgTransferModel, { owner: from.address, model, newOwner: to.address }));
      await send(to, messageOf(MsgAcceptModel, { newOwner: to.address, model }));
    }
    expect(await fails(alice, messageOf(MsgDeprecateModel, { owner: alice.address, model }))).toMatch(/owner/);
  });

  test("and messages that run only if an output is as wanted", async () => {
    const queries = inferenceQueries(await Comet38Client.connect(network.rpc(1)));
    const model = await queries.model(CNN_DIGITS.name);
    const lucky = address(`nobody yet, ${mode}`);
    const message = {
      request: {
        requester: alice.address,
        model: CNN_DIGITS.name,
        inputs: Tensors.serialize(encodeInputs(model.inputs, rowOf(CNN_DIGITS, 1))),
        maxFee: uassay(10_000),
      },
      conditions: [{ output: "prob", kind: "argmax", operator: "ge", value: "0" }],
      messages: [packed(MsgSend, { fromAddress: alice.address, toAddress: lucky, amount: [uassay(7)] })],
      gasLimit: 200_000n,
      escrow: [uassay(7)],
    };
    await send(alice, messageOf(MsgInferThen, message));
    await eventually("the transfer", async () => {
      const { amount } = await alice.client.getBalance(lucky, "uassay");
      return amount === "7" ? true : undefined;
    });
  });

  test("what the chain does not have is refused by name", async () => {
    const transfer = {
      sourcePort: "transfer",
      sourceChannel: "channel-0",
      sender: alice.address,
      receiver: "cosmos1",
      token: uassay(1),
      timeoutTimestamp: 1n,
    };
    const named = /unable to resolve type URL \/ibc.applications.transfer.v1.MsgTransfer|unknown message type/;
    expect(await refused(alice, messageOf(MsgTransfer, transfer))).toMatch(named);
    if (mode === "amino") return; // CosmJS has no amino form of the next one.
    const group = { admin: alice.address, members: [], metadata: "" };
    expect(await refused(alice, messageOf(MsgCreateGroup, group))).toMatch(/cosmos.group.v1.MsgCreateGroup/);
  });

  test("no message of the chain was left out", () => {
    const all = modules.flatMap(({ messages }) => messages.map(({ typeUrl }) => typeUrl));
    expect(all.filter((typeUrl) => !sent[mode].has(typeUrl))).toEqual([]);
  });
});

describe("several signers together", () => {
  test("two of three members of a multisig send, by amino signatures", async () => {
    const members = await Promise.all([1, 2, 3].map((n) => developer(n, "amino")));
    const key = createMultisigThresholdPubkey(
      members.map(({ publicKey }) => encodeSecp256k1Pubkey(publicKey)),
      2,
    );
    const shared = pubkeyToAddress(key, PREFIX);
    const [one, two] = members;
    if (one === undefined || two === undefined) throw new Error("three members");
    await one.client.sendTokens(one.address, shared, [uassay(1_000_000)], "auto");
    const to = address("from several");
    const send = messageOf(MsgSend, { fromAddress: shared, toAddress: to, amount: [uassay(77)] });
    const fee = feeOf(300_000);
    const { accountNumber, sequence } = await one.client.getSequence(shared);
    const signing = { accountNumber, sequence, chainId: network.local.chainId };
    const parts = await Promise.all(
      [one, two].map(async ({ client, address: member }) => {
        const { bodyBytes, signatures } = await client.sign(member, [send], fee, "", signing);
        return { member, bodyBytes, signature: signatures[0] ?? new Uint8Array(0) };
      }),
    );
    const signatures = new Map(parts.map(({ member, signature }) => [member, signature]));
    const bodyBytes = parts[0]?.bodyBytes ?? new Uint8Array(0);
    const tx = makeMultisignedTxBytes(key, sequence, fee, bodyBytes, signatures);
    expect((await one.client.broadcastTx(tx)).code).toBe(0);
    expect((await one.client.getBalance(to, "uassay")).amount).toBe("77");
  });
});

/** The rest of what CosmJS asks for: chains that talk to others by IBC. */
const isElsewhere = (method: string): boolean => method.startsWith("ibc.");

describe("queries", () => {
  const called = new Set<string>();
  const asked = async () => noting(await queryClient(), called);
  const delegator = (): string => toBech32(PREFIX, moduleAddress("nobody"));

  test("auth, bank and mint", async () => {
    const { auth, bank, mint } = await asked();
    const { address: who } = await developer(1, "direct");
    expect((await auth.account(who))?.typeUrl).toBe("/cosmos.auth.v1beta1.BaseAccount");
    expect((await auth.account(AUTHORITY))?.typeUrl).toBe("/cosmos.auth.v1beta1.ModuleAccount");
    expect((await auth.account(address("direct locked")))?.typeUrl).toMatch(/VestingAccount$/);
    const all = await bank.allBalances(who);
    expect(all).toEqual([await bank.balance(who, "uassay")]);
    const { supply } = await bank.totalSupply();
    expect(supply.map(({ denom }) => denom)).toEqual(["uassay"]);
    expect(BigInt((await bank.supplyOf("uassay")).amount)).toBeGreaterThan(10n ** 12n);
    const [metadata] = await bank.denomsMetadata();
    expect(metadata).toEqual(await bank.denomMetadata("uassay"));
    expect(metadata?.base).toBe("uassay");
    expect((await mint.params()).mintDenom).toBe("uassay");
    expect((await mint.inflation()).toString()).toBe("0");
    expect((await mint.annualProvisions()).toString()).toBe("0");
  });

  test("authz and feegrant", async () => {
    const [one, two] = await Promise.all([developer(1, "direct"), developer(2, "direct")]);
    const [granter, grantee] = [one.address, two.address];
    const authorization = packed(GenericAuthorization, { msg: MsgDelegate.typeUrl });
    const allowance = packed(BasicAllowance, BasicAllowance.fromPartial({ spendLimit: [uassay(5)] }));
    const messages = [
      messageOf(MsgGrant, { granter, grantee, grant: { authorization } }),
      messageOf(MsgGrantAllowance, { granter, grantee, allowance }),
    ];
    expect((await one.client.signAndBroadcast(granter, messages, "auto")).code).toBe(0);
    const { authz, feegrant } = await asked();
    expect((await authz.grants(granter, grantee, MsgDelegate.typeUrl)).grants[0]?.authorization).toEqual(authorization);
    expect((await authz.granteeGrants(grantee)).grants).toMatchObject([{ granter, grantee }]);
    expect((await authz.granterGrants(granter)).grants).toMatchObject([{ granter, grantee }]);
    expect((await feegrant.allowance(granter, grantee)).allowance).toEqual({ granter, grantee, allowance });
    expect((await feegrant.allowances(grantee)).allowances).toHaveLength(1);
  });

  test("staking, distribution and slashing", async () => {
    const { staking, distribution, slashing } = await asked();
    const [{ address: who }, from, to] = [
      await developer(1, "direct"),
      network.validator(0).operator,
      network.validator(1).operator,
    ];
    expect((await staking.delegation(who, from)).delegationResponse?.balance?.amount).toBe("450000000000");
    const own = await staking.delegatorDelegations(who);
    expect(own.delegationResponses.map(({ balance }) => balance.amount).sort()).toEqual([
      "300000000000",
      "450000000000",
    ]);
    expect((await staking.unbondingDelegation(who, from)).unbond?.entries[0]?.balance).toBe("150000000000");
    expect((await staking.delegatorUnbondingDelegations(who)).unbondingResponses).toHaveLength(1);
    expect((await staking.validatorUnbondingDelegations(from)).unbondingResponses.length).toBeGreaterThan(0);
    expect((await staking.redelegations(who, from, to)).redelegationResponses[0]?.entries[0]?.balance).toBe(
      "300000000000",
    );
    expect((await staking.delegatorValidator(who, from)).validator.operatorAddress).toBe(from);
    expect((await staking.delegatorValidators(who)).validators).toHaveLength(2);
    expect((await staking.validatorDelegations(from)).delegationResponses.length).toBeGreaterThan(1);
    expect((await staking.validator(from)).validator.operatorAddress).toBe(from);
    expect((await staking.validators("BOND_STATUS_BONDED")).validators.length).toBeGreaterThanOrEqual(4);
    const { bondedTokens } = (await staking.pool()).pool;
    expect(BigInt(bondedTokens)).toBeGreaterThan(4n * 10n ** 12n - 1n);
    expect((await staking.params()).params.bondDenom).toBe("uassay");
    const { hist } = await staking.historicalInfo(5);
    expect(hist).toMatchObject({ header: { height: 5n }, valset: { length: 4 } });

    expect((await distribution.params()).params?.communityTax).toBe("20000000000000000");
    expect((await distribution.communityPool()).pool[0]?.denom).toBe("uassay");
    expect((await distribution.delegatorWithdrawAddress(who)).withdrawAddress).toBe(address("direct payee"));
    expect((await distribution.delegatorValidators(who)).validators.sort()).toEqual([from, to].sort());
    const { rewards } = await distribution.delegationRewards(who, from);
    const total = await distribution.delegationTotalRewards(who);
    expect(total.rewards.find(({ validatorAddress }) => validatorAddress === from)?.reward).toEqual(rewards);
    expect((await distribution.validatorOutstandingRewards(from)).rewards?.rewards[0]?.denom).toBe("uassay");
    expect((await distribution.validatorCommission(from)).commission?.commission[0]?.denom).toBe("uassay");
    expect((await distribution.validatorSlashes(from, 1, 10_000)).slashes).toEqual([]);

    const { info } = await slashing.signingInfos();
    expect(info.length).toBeGreaterThanOrEqual(4);
    const [first] = info;
    expect((await slashing.signingInfo(first?.address ?? "")).valSigningInfo).toMatchObject({
      address: first?.address,
      tombstoned: false,
    });
    expect((await slashing.params()).params.signedBlocksWindow).toBeGreaterThan(0n);
    await expect(staking.delegation(delegator(), from)).rejects.toThrow(/not found/);
  });

  test("gov", async () => {
    const { gov } = await asked();
    const [proposer, voter] = [await developer(1, "direct"), await operator(0, "direct")];
    const message = messageOf(govV1Beta1.MsgSubmitProposal, {
      content: packed(TextProposal, { title: "an open one", description: "to be asked about" }),
      initialDeposit: [uassay(10_000_000)],
      proposer: proposer.address,
    });
    const submitted = await proposer.client.signAndBroadcast(proposer.address, [message], "auto");
    const id = BigInt(attribute(submitted, "submit_proposal", "proposal_id"));
    const ballot = { proposalId: id, voter: voter.address, option: VoteOption.VOTE_OPTION_NO };
    await voter.client.signAndBroadcast(voter.address, [messageOf(govV1Beta1.MsgVote, ballot)], "auto");
    const { proposals } = await gov.proposals(ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD, "", "");
    expect(proposals.map(({ proposalId }) => proposalId)).toContain(id);
    expect((await gov.proposal(String(id))).proposal.proposalId).toBe(id);
    expect((await gov.deposits(String(id))).deposits).toMatchObject([{ depositor: proposer.address }]);
    expect((await gov.deposit(String(id), proposer.address)).deposit.amount).toEqual([uassay(10_000_000)]);
    expect((await gov.votes(String(id))).votes).toMatchObject([{ voter: voter.address }]);
    expect((await gov.vote(String(id), voter.address)).vote.proposalId).toBe(id);
    expect((await gov.tally(String(id))).tally?.no).toMatch(/^1[0-9]{12}$/);
    expect((await gov.params("deposit")).depositParams.minDeposit).toEqual([uassay(10_000_000)]);
  });

  test("tx", async () => {
    const { tx } = await asked();
    const { client, address: who, publicKey } = await developer(3, "direct");
    const sending = await client.sendTokens(who, address("tx"), [uassay(1)], "auto");
    const found = await tx.getTx(sending.transactionHash);
    expect(found.txResponse?.code).toBe(0);
    const message = messageOf(MsgSend, { fromAddress: who, toAddress: address("tx"), amount: [uassay(1)] });
    const { sequence } = await client.getSequence(who);
    const anys = [client.registry.encodeAsAny(message)];
    const simulated = await tx.simulate(anys, "", encodeSecp256k1Pubkey(publicKey), sequence);
    expect(simulated.gasInfo?.gasUsed).toBeGreaterThan(10_000n);
  });

  test("what the chain does not have is said to be unknown", async () => {
    const { ibc } = await asked();
    await expect(ibc.client.params()).rejects.toThrow(/unknown query path/);
  });

  test("no method that CosmJS offers was left out", async () => {
    const all = methodsOf(await queryClient()).filter((method) => method.includes(".") && !isElsewhere(method));
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter((method) => !called.has(method))).toEqual([]);
  });
});
