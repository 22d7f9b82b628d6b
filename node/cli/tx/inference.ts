import { fromHex, toHex } from "../../../chain/bytes.ts";
import { cometClient } from "../../../client/node-rpc.ts";
import { inferenceQueries } from "../../../client/queries.ts";
import { encodeInputs } from "../../../client/tensors.ts";
import { MAX_TIERS } from "../../../modules/inference/manifest.ts";
import { Tensors } from "../../../modules/inference/tensors.ts";
import {
  MsgCancelSchedule,
  MsgOpenAppeal,
  MsgScheduleInference,
  MsgSetInferenceTiers,
} from "../../../proto/inference.ts";
import { UserError } from "../../user-error.ts";
import { readInputs } from "../inputs-file.ts";
import { coin, defaulted, file, integer, type Kind, optional, required, words } from "./kinds.ts";
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
    async messages({ job, inputs, bond, claim }, { address, node }) {
      const queries = inferenceQueries(cometClient(node));
      const model = await queries.model(toHex((await queries.job(toHex(job))).modelRoot));
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
  txRow({
    path: "inference schedule",
    summary: "pays for runs of a model to come, one every so many blocks, which the chain opens by itself",
    args: { model: words, inputs: file },
    flags: {
      every: required(integer, "blocks from one run to the next"),
      runs: required(integer, "how many"),
      "max-fee": required(coin, "of one run; it waits while one costs more, and what one does not cost comes back"),
      "seed-input": defaulted(words, "", "input that is overwritten by bytes of the beacon of each run's block"),
      "value-at-risk": optional(integer, "what rests on the answer of a run, in base units"),
    },
    messages: async (values, { address, node }) => {
      const model = await inferenceQueries(cometClient(node)).model(values.model);
      const request = {
        requester: address,
        model: toHex(model.modelRoot),
        inputs: Tensors.serialize(encodeInputs(model.inputs, readInputs(values.inputs))),
        maxFee: values["max-fee"],
        valueAtRisk: (values["value-at-risk"] ?? 0n).toString(),
      };
      const { every, runs } = values;
      const schedule = MsgScheduleInference.fromPartial({ request, every, runs, seedInput: values["seed-input"] });
      return [message(MsgScheduleInference, schedule)];
    },
  }),
  txRow({
    path: "inference cancel-schedule",
    summary: "ends a schedule; what is held for runs to come returns",
    args: { schedule: integer },
    messages: ({ schedule }, { address: owner }) => [
      message(MsgCancelSchedule, MsgCancelSchedule.fromPartial({ owner, schedule })),
    ],
  }),
];
