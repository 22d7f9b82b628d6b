import { GRPC, QueryError } from "../chain/errors.ts";
import type { Query, QueryContext } from "../chain/module.ts";

interface Decoder<Q> {
  decode(bytes: Uint8Array): Q;
}
interface Encoder<A> {
  encode(message: A): { finish(): Uint8Array };
}

/** A query from its protobuf codecs. Bytes that are not the request are the client's fault: InvalidArgument. */
export function defineQuery<Q, A>(
  path: string,
  request: Decoder<Q>,
  response: Encoder<A>,
  answer: (ctx: QueryContext, request: Q) => A,
): Query {
  return {
    path,
    handle(ctx, bytes) {
      let message: Q;
      try {
        message = request.decode(bytes);
      } catch (error) {
        throw new QueryError(
          GRPC.invalidArgument,
          `${path}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      return response.encode(answer(ctx, message)).finish();
    },
  };
}

/** NotFound, with the words that CosmJS looks for. */
export function notFound(what: string): QueryError {
  return new QueryError(GRPC.notFound, `${what}: key not found`);
}
