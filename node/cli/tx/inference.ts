import type { ProtobufRpcClient } from "@cosmjs/stargate";
import { fromHex, toHex } from "../../../chain/bytes.ts";
import { encodeInputs } from "../../../client/tensors.ts";
import { MAX_TIERS } from "../../../modules/inference/manifest.ts";
import { Tensors } from "../../../modules/inference/tensors.ts";
import { MsgOpenAppeal, MsgSetInferenceTiers } from "../../../proto/inference.ts";
import {
  type Model,
  QueryJobRequest,
  QueryJobResponse,
  QueryModelRequest,
  QueryModelResponse,
} from "../../../proto/inference-query.ts";
import { UserError } from "../../user-error.ts";
import { readInputs } from "../inputs-file.ts";
import { coin, file, type Kind, optional, required } from "./kinds.ts";
import { message, type TxRow, txRow } from "./row.ts";

const tiers: Kind<readonly number[]> = {
  shape: "tiers",
  parse(text) {
    if (text === "none") return [];
    return text.split(",").map((part) => {
      if (/^[0-9]$/.test(part) && Number(part) < MAX_TIERS) return Number(part);
      throw new UserError(
        `must be numbers up to ${MAX_TIERS - 1} with commas between them, or none, not "${text.slice(0, 40)}"`,
      );
    });
  },
};

const SERVICE = "assay.inference.v1.Query";

async function modelOfJob(rpc: ProtobufRpcClient, jobId: string): Promise<Model> {
  const asked = await rpc.request(SERVICE, "Job", QueryJobRequest.encode({ jobId }).finish());
  const { job } = QueryJobResponse.decode(asked);
  if (job === undefined) throw new UserError(`the node knows no job ${jobId}`);
  const found = await rpc.request(SERVICE, "Model", QueryModelRequest.encode({ model: toHex(job.modelRoot) }).finish());
  const { model } = QueryModelResponse.decode(found);
  if (model === undefined) throw new UserError(`the node knows no model ${toHex(job.modelRoot)}`);
  return model;
}

const jobId: Kind<Uint8Array> = {
  shape: "job id",
  parse(text) {
    if (/^[0-9a-fA-F]{64}$/.test(text)) return fromHex(text);
    throw new UserError(`must be 64 hex digits, not "${text.slice(0, 80)}"`);
  },
};

export const inferenceRows: readonly TxRow[] = [
  txRow({
    path: "inference open-appeal",
    summary: "has every validator run a final job again: who attested what it finds wrong pays, or the bond does",
    args: { job: jobId },
    flags: {
      inputs: required(file, "the job's inputs, as assay infer took them"),
      bond: required(coin, "what pays for the re-run if the verdict is not as claimed, such as 10000000uassay"),
      claim: optional(jobId, "the output root that is right; any but the final one if not given"),
    },
    async messages({ job, inputs, bond, claim }, { address, rpc }) {
      const model = await modelOfJob(rpc, toHex(job));
      const given = Tensors.serialize(encodeInputs(model.inputs, readInputs(inputs)));
      const value = { appellant: address, jobId: job, inputs: given, bond, claim: claim ?? new Uint8Array(0) };
      return [message(MsgOpenAppeal, MsgOpenAppeal.fromPartial(value))];
    },
  }),
  txRow({
    path: "inference set-tiers",
    summary: "says which tiers of models this validator runs, from the next block on",
    args: { tiers },
    messages: (values, { operator }) => [
      message(MsgSetInferenceTiers, MsgSetInferenceTiers.fromPartial({ operator, tiers: [...values.tiers] })),
    ],
  }),
];
