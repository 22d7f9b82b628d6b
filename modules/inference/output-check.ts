import { equalBytes, toHex } from "../../chain/bytes.ts";
import { MAX_INLINE_OUTPUT } from "../../chain/types/limits.ts";
import { EXEC_ERROR, Tensors } from "./tensors.ts";

/** The reserved output of an error of the engine, serialised: no bytes. */
export const EXEC_ERROR_OUTPUT = Tensors.serialize([...EXEC_ERROR]);
export const EXEC_ERROR_ROOT = Tensors.hashTreeRoot([...EXEC_ERROR]);

/** hash_tree_root of serialised tensors, or undefined for bytes that are not the one serialisation of any. */
export function outputRootOf(output: Uint8Array): Uint8Array | undefined {
  if (output.length > MAX_INLINE_OUTPUT) return undefined;
  try {
    const tensors = Tensors.deserialize(output);
    // Lengths above 2^53 would be read as another number: such bytes are not what hashes to this root.
    return equalBytes(Tensors.serialize(tensors), output) ? Tensors.hashTreeRoot(tensors) : undefined;
  } catch {
    return undefined; // Not SSZ Tensors: a verdict, not a fault.
  }
}

/** What is wrong with the bytes that a block carries as a job's output. */
export function outputProblem(output: Uint8Array, outputRoot: Uint8Array): string | undefined {
  const root = outputRootOf(output);
  if (root === undefined) return `${output.length} bytes that are no serialised tensors`;
  return equalBytes(root, outputRoot) ? undefined : `its root is ${toHex(root)}, expected ${toHex(outputRoot)}`;
}
