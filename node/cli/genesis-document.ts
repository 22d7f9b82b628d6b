import { base64 } from "@scure/base";
import { concatBytes, fromUtf8 } from "../../chain/bytes.ts";
import { nodeRpc } from "../../client/node-rpc.ts";
import { UserError } from "../user-error.ts";

/** 16 MiB each: more than any chain's genesis document has, and as much as is kept in memory for a node that lies about it. */
const MAX_CHUNKS = 16;

/**
 * The genesis document exactly as a node holds it. It is asked for in chunks, which also serve a document that is too large for one
 * answer; CosmJS decodes only what it knows of it.
 * @throws UserError when the node serves none.
 */
export async function genesisDocument(node: string): Promise<Readonly<Record<string, unknown>>> {
  const rpc = nodeRpc(node);
  const chunks: Uint8Array[] = [];
  for (let chunk = 0, total = 1; chunk < total; chunk++) {
    const params = { chunk: String(chunk) };
    const answer = await rpc.execute({ jsonrpc: "2.0", id: chunk + 1, method: "genesis_chunked", params });
    const result = answer.result as Readonly<Record<string, unknown>>;
    total = Number(result.total);
    if (!(total >= 1 && total <= MAX_CHUNKS)) {
      throw new UserError(
        `${node} says that its genesis document has ${String(result.total)} parts, at most ${MAX_CHUNKS} are read`,
      );
    }
    chunks.push(base64.decode(String(result.data)));
  }
  const genesis: unknown = JSON.parse(fromUtf8(concatBytes(...chunks)));
  const document = (genesis as { app_state?: unknown } | null)?.app_state;
  if (typeof document !== "object" || document === null) throw new UserError(`${node} serves no genesis document`);
  return document as Readonly<Record<string, unknown>>;
}
