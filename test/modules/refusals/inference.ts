import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MODEL_CLASS } from "../../../modules/inference/classes.ts";
import { appeals, JOB_STATUS, JobRecord, jobs, models } from "../../../modules/inference/store.ts";
import { DTYPES, Tensors } from "../../../modules/inference/tensors.ts";
import {
  MsgCancelSchedule,
  MsgInferThen,
  MsgOpenAppeal,
  MsgRegisterModel,
  MsgRequestInference,
  MsgScheduleInference,
  MsgSetInferenceTiers,
} from "../../../proto/inference.ts";
import { INPUTS, manifestOf, requestOf, tensor } from "../../inference/harness.ts";
import { accountOf, valoperOf } from "../network.ts";
import { inputBlobRows } from "./input-blobs.ts";
import { BAD_ACCOUNTS, BAD_AMOUNTS, BAD_COINS, BAD_OPERATORS, coin, each, rowsOf } from "./inputs.ts";
import { lifecycleRows } from "./model-lifecycle.ts";
import type { Refusal } from "./play.ts";
import { createWorld, FUNDS, OTHER_DENOM, VALIDATORS, type World } from "./world.ts";

const TENSOR = { name: "x", dtype: "float32", shape: [1n, 2n] };
const { engineId } = manifestOf("digits");
const REGISTER = MsgRegisterModel.fromPartial({
  owner: accountOf("ann"),
  name: "new",
  version: "1.0.0",
  class: "canonical",
  engineId,
  inputs: [TENSOR],
  outputs: [{ ...TENSOR, name: "y" }],
  opset: 17,
  modelRoot: new Uint8Array(32).fill(7),
  modelBytes: 1000n,
  fee: "10",
  licence: "Apache-2.0",
  probes: [INPUTS],
  maxDeposit: coin(1_000_000_000_000n),
});
const REQUEST = requestOf({ requester: accountOf("ann"), maxFee: coin(1_000_000n) });

function registered(): World {
  const world = createWorld();
  world.send({ typeUrl: MsgRegisterModel.typeUrl, value: MsgRegisterModel.encode(REGISTER).finish() });
  return world;
}

function namesake(): World {
  const world = createWorld();
  world.send({
    typeUrl: MsgRegisterModel.typeUrl,
    value: MsgRegisterModel.encode({ ...REGISTER, name: "digits" }).finish(),
  });
  return world;
}

/** A job is open, and there may be one. */
function full(parameter: string): World {
  const world = createWorld({ [parameter]: 1n });
  world.send({ typeUrl: MsgRequestInference.typeUrl, value: MsgRequestInference.encode(REQUEST).finish() });
  return world;
}
const noPlace = (): World => createWorld({ "inference.inlineMaxModels": 0n });
const noRoom = (): World => createWorld({ "inference.inlineMaxModelBytes": 999n });
/** Everybody has left tier 0. */
function nobodyServes(): World {
  const world = createWorld();
  for (const name of VALIDATORS) {
    world.send({
      typeUrl: MsgSetInferenceTiers.typeUrl,
      value: MsgSetInferenceTiers.encode({ operator: valoperOf(name), tiers: [] }).finish(),
    });
  }
  world.block();
  return world;
}
/** "digits" is of the class tolerance. */
function tolerant(): World {
  const world = createWorld();
  const { modelRoot } = manifestOf("digits");
  const record = models.get(world.store, modelRoot);
  if (record === undefined) throw new Error("no model");
  const manifest = { ...record.manifest, class: MODEL_CLASS.tolerance, absoluteTolerance: 1 };
  models.set(world.store, modelRoot, { ...record, manifest });
  return world;
}
const fullBlock = (): World => full("inference.maxJobsPerBlock");
const fullBacklog = (): World => full("inference.maxOpenJobs");

const SEND = {
  typeUrl: MsgSend.typeUrl,
  value: MsgSend.encode({ fromAddress: accountOf("ann"), toAddress: accountOf("ben"), amount: [coin(1n)] }).finish(),
};
const OF_BEN = {
  typeUrl: MsgSend.typeUrl,
  value: MsgSend.encode({ fromAddress: accountOf("ben"), toAddress: accountOf("ann"), amount: [coin(1n)] }).finish(),
};
const CONDITION = { output: "", kind: "argmax", index: 0n, operator: "eq", value: "1" };
const THEN = MsgInferThen.fromPartial({
  request: REQUEST,
  conditions: [CONDITION],
  messages: [SEND],
  gasLimit: 100_000n,
});

const tiers = rowsOf(MsgSetInferenceTiers, { operator: valoperOf("alice"), tiers: [0, 1] }, { by: "alice" });
const appeal = rowsOf(MsgOpenAppeal, {
  appellant: accountOf("ann"),
  jobId: new Uint8Array(32),
  inputs: INPUTS,
  bond: coin(10_000_000n),
  claim: new Uint8Array(0),
});
const request = rowsOf(MsgRequestInference, REQUEST);
const then = rowsOf(MsgInferThen, THEN);
const condition = (wrong: string, change: Partial<typeof CONDITION>) =>
  then(wrong, "inference/16", { conditions: [{ ...CONDITION, ...change }] });
const register = rowsOf(MsgRegisterModel, REGISTER);

const SCHEDULE = MsgScheduleInference.fromPartial({ request: REQUEST, every: 10n, runs: 3n });
const schedule = rowsOf(MsgScheduleInference, SCHEDULE);
const scheduled =
  (change: Readonly<Record<string, bigint>> = {}) =>
  (): World => {
    const world = createWorld(change);
    world.send({ typeUrl: MsgScheduleInference.typeUrl, value: MsgScheduleInference.encode(SCHEDULE).finish() });
    return world;
  };
const noPlaces = scheduled({ "inference.maxSchedules": 1n });
const noOwnPlaces = scheduled({ "inference.maxSchedulesPerAccount": 1n });
const oneSchedule = scheduled();
const cancel = rowsOf(MsgCancelSchedule, { owner: accountOf("ann"), schedule: 1n }, { given: oneSchedule });
/** A request within a schedule. */
const recurring = (wrong: string, code: string, change: Partial<MsgRequestInference>) =>
  schedule(wrong, code, { request: { ...REQUEST, ...change } });

const NON_AMOUNTS = BAD_AMOUNTS.filter(([wrong]) => wrong !== "zero" && wrong !== "empty");

/** A job that has become final some time ago, and can be appealed. */
function settledJob(): World {
  const world = createWorld();
  const fields = { ...JobRecord.defaultValue().fields, inputsRoot: Tensors.hashTreeRoot([tensor(1, 2)]) };
  const { engineId: engine, modelRoot } = manifestOf("digits");
  jobs.set(world.store, new Uint8Array(32), {
    ...JobRecord.defaultValue(),
    fields: { ...fields, modelRoot, engineId: engine },
    status: JOB_STATUS.final,
    settled: true,
    appealEnd: 1000,
    costUnits: 1,
  });
  return world;
}

function tolerantJob(): World {
  const world = settledJob();
  const job = jobs.get(world.store, new Uint8Array(32));
  if (job === undefined) throw new Error("no job");
  jobs.set(world.store, new Uint8Array(32), { ...job, class: MODEL_CLASS.tolerance });
  return world;
}

function appealedJob(): World {
  const world = settledJob();
  const record = appeals.type.defaultValue();
  appeals.set(world.store, new Uint8Array(32), record);
  return world;
}

export const inference: readonly Refusal[] = [
  ...each(BAD_ACCOUNTS, "appellant", (wrong, appellant) => appeal(wrong, "sdk/7", { appellant })),
  ...each(BAD_AMOUNTS, "bond", (wrong, amount) => appeal(wrong, "sdk/10", { bond: coin(amount) })),
  appeal("no bond", "sdk/10", { bond: undefined }),
  appeal("a job id of another length", "sdk/18", { jobId: new Uint8Array(31) }),
  appeal("a claim that is no root", "sdk/18", { claim: new Uint8Array(31) }),
  appeal("an appeal of nothing", "inference/23"),
  appeal("an appeal of an output within a tolerance", "inference/23", {}, { given: tolerantJob }),
  appeal("a second appeal", "inference/24", {}, { given: appealedJob }),
  appeal("a bond that is too low", "inference/25", { bond: coin(9_999_999n) }, { given: settledJob }),
  appeal(
    "a bond of another denomination",
    "inference/25",
    { bond: coin(10_000_000n, OTHER_DENOM) },
    { given: settledJob },
  ),
  appeal("a bond above what the appellant has", "sdk/5", { bond: coin(FUNDS) }, { given: settledJob }),
  appeal(
    "other inputs than the job's",
    "inference/7",
    { inputs: Tensors.serialize([tensor(2, 2)]) },
    { given: settledJob },
  ),
  appeal(
    "an appeal with inputs that are no tensors",
    "inference/7",
    { inputs: Uint8Array.of(1) },
    { given: settledJob },
  ),
  ...each(BAD_OPERATORS, "operator", (wrong, operator) => tiers(wrong, "sdk/7", { operator })),
  tiers("a tier that there is not", "inference/19", { tiers: [8] }),
  tiers("a tier twice", "inference/19", { tiers: [1, 0, 1] }),
  rowsOf(MsgSetInferenceTiers, { operator: valoperOf("ann"), tiers: [0] })(
    "an operator without validator",
    "inference/19",
  ),
  schedule("no request", "sdk/18", { request: undefined }),
  recurring("the inline lane", "inference/41", { lane: "inline" }),
  recurring("a deadline", "inference/41", { deadline: 9n }),
  recurring("no model", "inference/2", { model: "" }),
  recurring("inputs of the wrong shape", "inference/7", { inputs: Tensors.serialize([tensor(1, 2, 3)]) }),
  recurring("less than any run costs", "inference/8", { maxFee: coin(10_099n) }),
  recurring("a fee of another denomination", "sdk/10", { maxFee: coin(1_000_000n, OTHER_DENOM) }),
  recurring("more than the requester has", "sdk/5", { maxFee: coin(FUNDS) }),
  schedule("no blocks between runs", "inference/41", { every: 0n }),
  schedule("no runs", "inference/41", { runs: 0n }),
  schedule("too many runs", "inference/41", { runs: 1_000_001n }),
  schedule("runs that end too late", "inference/41", { every: 10n ** 7n }),
  schedule("a seed for an input that there is not", "inference/41", { seedInput: "seed" }),
  schedule("a seed for an input of another type", "inference/41", { seedInput: "x" }),
  schedule("all places are taken", "inference/42", {}, { given: noPlaces }),
  schedule("the account has as many as it may", "inference/42", {}, { given: noOwnPlaces }),
  ...each(BAD_ACCOUNTS, "owner", (wrong, owner) => cancel(wrong, "sdk/7", { owner })),
  cancel("a schedule that there is not", "inference/40", { schedule: 2n }),
  cancel("another account's schedule", "inference/40", { owner: accountOf("ben") }, { by: "ben" }),
  ...each(BAD_ACCOUNTS, "requester", (wrong, requester) => request(wrong, "sdk/7", { requester })),
  ...each(BAD_AMOUNTS, "fee", (wrong, amount) => request(wrong, "sdk/10", { maxFee: coin(amount) })),
  request("no fee", "sdk/10", { maxFee: undefined }),
  request("a fee of another denomination", "sdk/10", { maxFee: coin(1_000_000n, OTHER_DENOM) }),
  request("a fee below what the run costs", "inference/8", { maxFee: coin(1n) }),
  request("a fee above what the requester has", "sdk/5", { maxFee: coin(FUNDS) }),
  ...each(NON_AMOUNTS, "value at risk", (wrong, valueAtRisk) => request(wrong, "sdk/18", { valueAtRisk })),
  request("more at risk than stake answers for", "inference/17", { valueAtRisk: `${10n ** 15n}` }),
  request(
    "something at risk on an output within a tolerance",
    "inference/17",
    { valueAtRisk: "1" },
    { given: tolerant },
  ),
  request("a deadline too short for an executor", "inference/10", { deadline: 4n }, { given: tolerant }),
  request("no model", "inference/2", { model: "" }),
  request("unknown model by name", "inference/2", { model: "nothing" }),
  request("unknown model by root", "inference/2", { model: "ab".repeat(32) }),
  request("unknown model of an owner", "inference/2", { model: `${accountOf("ben")}/digits` }),
  request("a model that is being admitted", "inference/4", { model: "new" }, { given: registered }),
  request("a name that two owners use", "inference/3", {}, { given: namesake }),
  request("a tier that nobody serves any more", "inference/18", {}, { given: nobodyServes }),
  request("no more jobs in this block", "inference/11", {}, { given: fullBlock }),
  request("too many open jobs", "inference/12", {}, { given: fullBacklog }),
  request("inputs that are no tensors", "inference/7", { inputs: Uint8Array.of(1, 2, 3) }),
  request("no inputs", "inference/7", { inputs: new Uint8Array(0) }),
  request("two tensors in the place of one", "inference/7", {
    inputs: Tensors.serialize([tensor(1, 2), tensor(1, 2)]),
  }),
  request("wrong shape", "inference/7", { inputs: Tensors.serialize([tensor(1, 2, 3)]) }),
  request("wrong dtype", "inference/7", {
    inputs: Tensors.serialize([{ ...tensor(1, 2), dtype: DTYPES.int32.code }]),
  }),
  request("fewer bytes than the shape needs", "inference/7", {
    inputs: Tensors.serialize([{ ...tensor(1, 2), data: new Uint8Array(4) }]),
  }),
  request("inputs above the limit", "inference/7", { inputs: new Uint8Array(70_000) }),
  request("a deadline that has passed", "inference/10", { deadline: 1n }),
  request("a deadline far in the future", "inference/10", { deadline: 1_000_000_000n }),

  request("a lane that there is none of", "sdk/18", { lane: "fast" }),
  request("inline, of a model that does not run inline", "inference/14", { lane: "inline" }),

  then("no request", "sdk/18", { request: undefined }),
  then("a request for an unknown model", "inference/2", { request: { ...REQUEST, model: "nothing" } }),
  then("no condition", "inference/16", { conditions: [] }),
  then("too many conditions", "inference/16", { conditions: Array.from({ length: 17 }, () => CONDITION) }),
  condition("an unknown kind", { kind: "greatest" }),
  condition("an unknown operator", { operator: "=" }),
  condition("a value that is no number", { value: "one" }),
  condition("a value in scientific notation", { value: "1e3" }),
  condition("a value of too many digits", { value: "1".repeat(41) }),
  condition("an index of argmax", { index: 1n }),
  condition("an unknown output", { output: "z" }),
  condition("an element beyond the output", { kind: "element", index: 2n }),
  then("no message", "sdk/18", { messages: [] }),
  then("a message of another signer", "sdk/4", { messages: [OF_BEN] }),
  then("a message of an unknown type", "sdk/2", { messages: [{ typeUrl: "/x.Y", value: new Uint8Array(0) }] }),
  then("a message of its own kind", "sdk/18", {
    messages: [{ typeUrl: MsgInferThen.typeUrl, value: MsgInferThen.encode(THEN).finish() }],
  }),
  then("no gas for later", "sdk/18", { gasLimit: 0n }),
  then("more gas than a block has for it", "sdk/18", { gasLimit: 1n << 50n }),
  then("more gas than the requester can pay for", "sdk/5", { gasLimit: 5_000_000n, escrow: [coin(FUNDS - 200_000n)] }),
  then("more coins to hold than there are", "sdk/5", { escrow: [coin(FUNDS)] }),
  ...each(
    BAD_COINS.filter(([wrong]) => wrong !== "no coins"),
    "coins to hold",
    (wrong, escrow) => then(wrong, "sdk/10", { escrow }),
  ),

  ...each(BAD_ACCOUNTS, "owner", (wrong, owner) => register(wrong, "sdk/7", { owner })),
  ...each(BAD_AMOUNTS, "deposit", (wrong, amount) => register(wrong, "sdk/10", { maxDeposit: coin(amount) })),
  register("no deposit", "sdk/10", { maxDeposit: undefined }),
  register("a deposit of another denomination", "inference/9", { maxDeposit: coin(10n ** 12n, OTHER_DENOM) }),
  register("a deposit that is too low", "inference/9", { maxDeposit: coin(1n) }),
  ...each(NON_AMOUNTS, "fee", (wrong, fee) => register(wrong, "inference/6", { fee })),
  register("a class that there is not", "inference/6", { class: "precise" }),
  register("tolerance without a bound", "inference/6", { class: "tolerance" }),
  register("a bound of another class", "inference/6", { relativeTolerance: 1n }),
  register("an absolute bound above a million", "inference/6", {
    class: "tolerance",
    absoluteTolerance: 10n ** 15n + 1n,
  }),
  register("a relative bound above one", "inference/6", { class: "tolerance", relativeTolerance: 10n ** 9n + 1n }),
  register("a bound of 2^60", "inference/6", { class: "tolerance", relativeTolerance: 1n << 60n }),
  register("tolerance inline", "inference/6", { class: "tolerance", absoluteTolerance: 1n, inline: true }),
  register("a way to reveal that there is not", "inference/6", { reveal: "blind" }),
  register("no name", "inference/6", { name: "" }),
  register("a name too long", "inference/6", { name: "x".repeat(1000) }),
  register("a version too long", "inference/6", { version: "x".repeat(1000) }),
  register("a licence too long", "inference/6", { licence: "x".repeat(1000) }),
  register("an engine id of 31 bytes", "inference/6", { engineId: new Uint8Array(31) }),
  register("a root of 31 bytes", "inference/6", { modelRoot: new Uint8Array(31) }),
  register("a data set of 31 bytes", "inference/6", { datasets: [new Uint8Array(31)] }),
  register("a data set twice", "inference/6", { datasets: [new Uint8Array(32), new Uint8Array(32)] }),
  register("too many data sets", "inference/6", {
    datasets: Array.from({ length: 17 }, (_, i) => new Uint8Array(32).fill(i)),
  }),
  register("a parent of 31 bytes", "inference/6", { parent: new Uint8Array(31) }),
  register("no inputs", "inference/6", { inputs: [] }),
  register("no outputs", "inference/6", { outputs: [] }),
  register("a tensor without a name", "inference/6", { inputs: [{ ...TENSOR, name: "" }] }),
  register("two tensors of one name", "inference/6", { inputs: [TENSOR, TENSOR] }),
  register("unknown dtype", "inference/6", { inputs: [{ ...TENSOR, dtype: "float8" }] }),
  register("a shape with a length of zero", "inference/6", { inputs: [{ ...TENSOR, shape: [0n] }] }),
  register("a shape above the limit", "inference/6", { inputs: [{ ...TENSOR, shape: [1n << 40n] }] }),
  register("opset zero", "inference/6", { opset: 0 }),
  register("a model without bytes", "inference/6", { modelBytes: 0n }),
  register("a model above the limit", "inference/6", { modelBytes: 1n << 50n }),
  register("a royalty above one", "inference/6", { royaltyPpm: 1_000_001 }),
  register("no place among those that run inline", "inference/15", { inline: true }, { given: noPlace }),
  register("no room among those that run inline", "inference/15", { inline: true }, { given: noRoom }),
  register("no probes", "inference/6", { probes: [] }),
  register("too many probes", "inference/6", { probes: Array.from({ length: 100 }, () => INPUTS) }),
  register("a probe that is no tensors", "inference/6", { probes: [Uint8Array.of(1)] }),
  register("a probe of the wrong shape", "inference/6", { probes: [Tensors.serialize([tensor(1, 2, 3)])] }),
  register("the model is registered", "inference/5", { modelRoot: manifestOf("digits").modelRoot }),
  register(
    "the owner has a model of this name and version",
    "inference/5",
    { modelRoot: new Uint8Array(32).fill(8) },
    {
      given: registered,
    },
  ),
  ...inputBlobRows,
  ...lifecycleRows,
];
