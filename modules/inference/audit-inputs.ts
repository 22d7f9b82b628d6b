import { concatBytes, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { generateInputs } from "./generated-inputs.ts";
import type { ModelManifest } from "./manifest.ts";
import type { Tensors } from "./tensors.ts";

/** Browser-safe: whoever has the beacon of the block that opened an audit can make its inputs again, to run it or to appeal. */

const DOMAIN = utf8("assay audit");
const NONE = new Uint8Array(0);

/** 32 bytes that depend on a beacon and on what they are for. */
export function auditSeed(beacon: Uint8Array, purpose: string, subject: Uint8Array = NONE): Uint8Array {
  return sha256(concatBytes(DOMAIN, beacon, utf8(purpose), subject));
}

/** @param beacon of the block that opened the audit. */
export function auditInputs(
  beacon: Uint8Array,
  { modelRoot, inputs }: Pick<ModelManifest, "modelRoot" | "inputs">,
): Tensors {
  return generateInputs(auditSeed(beacon, "inputs", modelRoot), inputs, "fit");
}
