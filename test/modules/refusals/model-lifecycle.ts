import { utf8 } from "../../../chain/bytes.ts";
import { deprecations, MODEL_STATUS, models, transfers, versions } from "../../../modules/inference/store.ts";
import { addVersion, MAX_VERSIONS } from "../../../modules/inference/versions.ts";
import {
  MsgAcceptModel,
  MsgDeprecateModel,
  MsgRegisterModel,
  MsgRequestInference,
  MsgTransferModel,
} from "../../../proto/inference.ts";
import { INPUTS, manifestOf, requestOf } from "../../inference/harness.ts";
import { accountOf, addressOf } from "../network.ts";
import { BAD_ACCOUNTS, coin, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, type World } from "./world.ts";

const DIGITS = manifestOf("digits").modelRoot;

/** Another model beside the one that is there. */
function withModel(name: string, version: string, owner: string, status: number): World {
  const world = createWorld();
  const record = models.get(world.store, DIGITS);
  if (record === undefined) throw new Error("no model");
  const modelRoot = new Uint8Array(32).fill(33);
  const manifest = { ...record.manifest, name: utf8(name), version: utf8(version), owner: addressOf(owner), modelRoot };
  models.set(world.store, modelRoot, { ...record, manifest, status });
  addVersion(world.context(), manifest);
  return world;
}
const oneInAdmission = (): World => withModel("next", "1.0.0", "owner", MODEL_STATUS.registered);
const benHasOne = (): World => withModel("digits", "1.0.0", "ben", MODEL_STATUS.active);
function deprecated(): World {
  const world = createWorld();
  world.send({
    typeUrl: MsgDeprecateModel.typeUrl,
    value: MsgDeprecateModel.encode({ owner: accountOf("owner"), model: "digits", successor: "" }).finish(),
  });
  return deprecations.has(world.store, DIGITS) ? world : createWorld();
}
/** It was free when it was offered, and is not when it is accepted. */
function takenSince(): World {
  const world = benHasOne();
  transfers.set(world.store, DIGITS, addressOf("ben"));
  return world;
}
function manyVersions(): World {
  const world = createWorld();
  const [[key]] = versions.entries(world.store, { limit: 1 }) as [[[Uint8Array, Uint8Array], Uint8Array]];
  for (let i = 1; i < MAX_VERSIONS; i++) versions.set(world.store, [key[0], new Uint8Array(32).fill(i)], DIGITS);
  return world;
}

const owned = { owner: accountOf("owner"), model: "digits" };
const deprecate = rowsOf(MsgDeprecateModel, { ...owned, successor: "" }, { by: "owner" });
const offer = rowsOf(MsgTransferModel, { ...owned, newOwner: accountOf("ben") }, { by: "owner" });
const accept = rowsOf(MsgAcceptModel, { newOwner: accountOf("ben"), model: "digits" }, { by: "ben" });
const request = rowsOf(MsgRequestInference, requestOf({ requester: accountOf("ann"), maxFee: coin(1_000_000n) }));
const register = rowsOf(
  MsgRegisterModel,
  MsgRegisterModel.fromPartial({
    owner: accountOf("owner"),
    name: "digits",
    version: "2.0.0",
    engineId: manifestOf("x").engineId,
    inputs: [{ name: "x", dtype: "float32", shape: [1n, 2n] }],
    outputs: [{ name: "y", dtype: "float32", shape: [1n, 2n] }],
    opset: 17,
    modelRoot: new Uint8Array(32).fill(34),
    modelBytes: 1000n,
    probes: [INPUTS],
    maxDeposit: coin(1_000_000_000_000n),
  }),
  { by: "owner" },
);

/** Of what becomes of models. */
export const lifecycleRows: readonly Refusal[] = [
  ...each(BAD_ACCOUNTS, "owner", (wrong, owner) => deprecate(wrong, "sdk/7", { owner })),
  deprecate("no model", "inference/2", { model: "" }),
  deprecate("an unknown version", "inference/2", { model: "digits@9.9.9" }),
  deprecate("two versions at once", "inference/2", { model: "digits@1.0.0@1.0.0" }),
  deprecate("one that is deprecated", "inference/4", {}, { given: deprecated }),
  deprecate("one that is being admitted", "inference/4", { model: "next" }, { given: oneInAdmission }),
  deprecate("itself as its successor", "inference/4", { successor: "digits" }),
  deprecate("a successor that is being admitted", "inference/4", { successor: "next" }, { given: oneInAdmission }),
  deprecate("an unknown successor", "inference/2", { successor: "nothing" }),
  rowsOf(MsgDeprecateModel, { ...owned, owner: accountOf("ann"), successor: "" })("another's model", "inference/52"),
  request("a model that is deprecated", "inference/47", {}, { given: deprecated }),
  ...each(BAD_ACCOUNTS, "owner", (wrong, owner) => offer(wrong, "sdk/7", { owner })),
  ...each(BAD_ACCOUNTS, "new owner", (wrong, newOwner) => offer(wrong, "sdk/7", { newOwner })),
  offer("no model", "inference/2", { model: "" }),
  offer("one that is being admitted", "inference/4", { model: "next" }, { given: oneInAdmission }),
  offer(
    "a name and version that the other has",
    "inference/5",
    { model: `${accountOf("owner")}/digits` },
    { given: benHasOne },
  ),
  offer("to oneself what is not offered", "inference/53", { newOwner: accountOf("owner") }),
  rowsOf(MsgTransferModel, { ...owned, owner: accountOf("ann"), newOwner: accountOf("ben") })(
    "another's model",
    "inference/52",
  ),
  ...each(BAD_ACCOUNTS, "new owner", (wrong, newOwner) => accept(wrong, "sdk/7", { newOwner })),
  accept("no model", "inference/2", { model: "" }),
  accept("one that is not offered", "inference/53"),
  accept(
    "a name and version that one has",
    "inference/5",
    { model: `${accountOf("owner")}/digits` },
    { given: takenSince },
  ),
  register("too many versions", "inference/54", {}, { given: manyVersions }),
];
