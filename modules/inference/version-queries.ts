import { GRPC, QueryError, TxError } from "../../chain/errors.ts";
import type { Query } from "../../chain/module.ts";
import { QueryModelVersionsRequest, QueryModelVersionsResponse } from "../../proto/inference-query.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { modelName, resolveModel } from "./models.ts";
import { modelMessage } from "./query-messages.ts";
import { versionsOf } from "./versions.ts";

export const versionQueries: readonly Query[] = [
  defineQuery(
    "/assay.inference.v1.Query/ModelVersions",
    QueryModelVersionsRequest,
    QueryModelVersionsResponse,
    (ctx, { model }) => {
      if (model === "") throw new QueryError(GRPC.invalidArgument, "no model was named");
      try {
        const { manifest } = resolveModel(ctx.store, ctx.spec, model);
        const found = versionsOf(ctx.store, manifest.owner, modelName(manifest));
        return { models: found.map((each) => modelMessage(ctx, each)) };
      } catch (error) {
        if (error instanceof TxError) throw notFound(error.message);
        throw error;
      }
    },
  ),
];
