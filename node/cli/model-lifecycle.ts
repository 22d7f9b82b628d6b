import { toHex } from "../../chain/bytes.ts";
import { inferenceQueries } from "../../client/queries.ts";
import { MsgAcceptModel, MsgDeprecateModel, MsgTransferModel } from "../../proto/inference.ts";
import { parseArguments } from "./arguments.ts";
import { SIGNER_OPTIONS, toJsonText, withReader, withSigner } from "./client.ts";
import type { Io } from "./command.ts";

/** `assay model versions <name>`: the newest first. */
export async function modelVersions(args: readonly string[], io: Io): Promise<number> {
  const options = { ...SIGNER_OPTIONS, json: { type: "boolean", default: false } } as const;
  const { values, positionals } = parseArguments({ name: "model versions" }, args, options, ["name"]);
  const models = await withReader(values.node, (comet) => inferenceQueries(comet).modelVersions(positionals[0] ?? ""));
  if (values.json) io.out(toJsonText(models));
  else {
    for (const { owner, name, version, status, registeredHeight, modelRoot } of models) {
      io.out(`${owner}/${name}@${version}  ${status}  registered ${registeredHeight}  ${toHex(modelRoot)}`);
    }
  }
  return 0;
}

/** `assay model deprecate <model> [--successor model]` */
export async function deprecateModel(args: readonly string[], io: Io): Promise<number> {
  const options = { ...SIGNER_OPTIONS, successor: { type: "string", default: "" } } as const;
  const { values, positionals } = parseArguments({ name: "model deprecate" }, args, options, ["model"]);
  const [model = ""] = positionals;
  const { successor } = values;
  const height = await withSigner(values, async (client) => {
    const value = MsgDeprecateModel.fromPartial({ owner: client.address, model, successor });
    const { height: at } = await client.send([{ typeUrl: MsgDeprecateModel.typeUrl, value }]);
    return at;
  });
  io.out(
    `deprecated ${model} in block ${height}: it takes no more requests${successor === "" ? "" : `, ${successor} does`}`,
  );
  return 0;
}

/** `assay model transfer <model> <account>`: an offer. */
export async function transferModel(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArguments({ name: "model transfer" }, args, SIGNER_OPTIONS, [
    "model",
    "account",
  ]);
  const [model = "", newOwner = ""] = positionals;
  await withSigner(values, (client) => {
    const value = MsgTransferModel.fromPartial({ owner: client.address, model, newOwner });
    return client.send([{ typeUrl: MsgTransferModel.typeUrl, value }]);
  });
  io.out(`offered    ${model} to ${newOwner}, who takes it over with: npx assay model accept ${model}`);
  return 0;
}

/** `assay model accept <model>` */
export async function acceptModel(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArguments({ name: "model accept" }, args, SIGNER_OPTIONS, ["model"]);
  const [model = ""] = positionals;
  const owner = await withSigner(values, async (client) => {
    const value = MsgAcceptModel.fromPartial({ newOwner: client.address, model });
    await client.send([{ typeUrl: MsgAcceptModel.typeUrl, value }]);
    return client.address;
  });
  io.out(`accepted   ${model}: it is ${owner}'s`);
  return 0;
}
