import { fromUtf8 } from "../../chain/bytes.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import {
  QueryScheduleRequest,
  QueryScheduleResponse,
  QuerySchedulesRequest,
  QuerySchedulesResponse,
  type Schedule,
} from "../../proto/inference-query.ts";
import { heightKey } from "../../state/collections.ts";
import { accountText, queryAccount } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { heldFor } from "./schedules.ts";
import { models, ownerScheduleKey, type ScheduleRecord, schedules, schedulesOf } from "./store.ts";

const SERVICE = "/assay.inference.v1.Query";

function scheduleMessage(ctx: QueryContext, number: number, schedule: ScheduleRecord): Schedule {
  const inputs = models.get(ctx.store, schedule.modelRoot)?.manifest.inputs ?? [];
  const seedInput = inputs[schedule.seed - 1];
  return {
    schedule: BigInt(number),
    owner: accountText(ctx.spec, schedule.owner),
    modelRoot: schedule.modelRoot,
    every: BigInt(schedule.every),
    runsLeft: BigInt(schedule.runsLeft),
    opened: BigInt(schedule.opened),
    skipped: BigInt(schedule.run - schedule.opened),
    planned: BigInt(schedule.planned),
    maxFee: schedule.maxFee.toString(),
    held: heldFor(schedule).toString(),
    valueAtRisk: schedule.valueAtRisk.toString(),
    seedInput: seedInput === undefined ? "" : fromUtf8(seedInput.name),
    txHash: schedule.txHash,
  };
}

function oneSchedule(ctx: QueryContext, request: QueryScheduleRequest): QueryScheduleResponse {
  const { schedule: number } = request;
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) throw new QueryError(GRPC.invalidArgument, `no number: ${number}`);
  const found = schedules.get(ctx.store, Number(number));
  if (found === undefined) throw notFound(`schedule ${number}`);
  return { schedule: scheduleMessage(ctx, Number(number), found) };
}

function listSchedules(ctx: QueryContext, { owner, pagination }: QuerySchedulesRequest): QuerySchedulesResponse {
  if (owner === "") {
    const all = { collection: schedules, key: heightKey };
    const page = paginate(ctx.store, all, pagination, (number, schedule) => scheduleMessage(ctx, number, schedule));
    return { schedules: page.items, pagination: page.pagination };
  }
  const own = { collection: schedulesOf, key: ownerScheduleKey, within: queryAccount(ctx.spec, owner) };
  const page = paginate(ctx.store, own, pagination, ([, number]) => {
    const schedule = schedules.get(ctx.store, number);
    return schedule === undefined ? undefined : scheduleMessage(ctx, number, schedule);
  });
  return { schedules: page.items, pagination: page.pagination };
}

export const scheduleQueries: readonly Query[] = [
  defineQuery(`${SERVICE}/Schedule`, QueryScheduleRequest, QueryScheduleResponse, oneSchedule),
  defineQuery(`${SERVICE}/Schedules`, QuerySchedulesRequest, QuerySchedulesResponse, listSchedules),
];
