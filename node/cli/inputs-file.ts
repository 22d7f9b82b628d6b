import type { TensorInput } from "../../client/tensors.ts";
import { UserError } from "../user-error.ts";
import { readJsonFile } from "./client.ts";

function isTensor(value: unknown): value is TensorInput {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape, data } = value as Partial<TensorInput>;
  return typeof dtype === "string" && Array.isArray(shape) && Array.isArray(data);
}

/** Reads a model's inputs by name. What is in the tensors is checked against the model, once that is known. @throws UserError */
export function readInputs(path: string): Record<string, TensorInput> {
  const json = readJsonFile(path);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UserError(
      `${path} must hold an object of inputs: {"x":{"dtype":"float32","shape":[1,4],"data":[1,2,3,4]}}`,
    );
  }
  for (const [name, value] of Object.entries(json)) {
    if (!isTensor(value)) throw new UserError(`${path}: input ${name} needs a dtype, a shape and data`);
  }
  return json as Record<string, TensorInput>;
}
