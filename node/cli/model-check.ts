import { checkModel } from "../engine/onnx-check.ts";
import { UserError } from "../user-error.ts";
import { toJsonText } from "./client.ts";
import type { Io } from "./command.ts";
import { readBytes } from "./model-file.ts";
import { classTable, printable, prove } from "./operator-table.ts";

const CLASSES = ["canonical", "exact"] as const;

interface CheckOptions {
  readonly json: boolean;
  /** A class that the model must be fit for. */
  readonly wanted: string | undefined;
}

interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[] | undefined;
}

/** `?` is a length that the file leaves open, `…` a shape that only a run tells. */
function tensorText({ name, shape }: TensorShape): string {
  return `${name}[${shape?.map((length) => (length < 0 ? "?" : length)).join(",") ?? "…"}]`;
}

/**
 * `assay model check`: what a model is made of, a verdict and its reason for each operator, and the classes it can be registered in.
 * @returns 0 if it can be registered at all, or in the wanted class; 1 if it is canonical where exact was wanted.
 * @throws UserError for a file that the chain would not run.
 */
export function checkModelFile(path: string, { json, wanted }: CheckOptions, io: Io): number {
  if (wanted !== undefined && !(CLASSES as readonly string[]).includes(wanted)) {
    throw new UserError(`model check: --class is ${CLASSES.join(" or ")}, found "${wanted}"`);
  }
  const bytes = readBytes(path);
  const found = checkModel(bytes);
  if (!found.ok) throw new UserError(`${path}: ${found.reason}`);
  const { exact, operators, withoutNan } = prove(path, bytes);
  const { opset, inputs, outputs } = found;
  const classes = exact ? CLASSES : (["canonical"] as const);
  if (json) io.out(toJsonText({ opset, inputs, outputs, exact, classes, withoutNan, operators }));
  else {
    io.out(`opset ${opset}; operators ${found.operators.map(printable).join(", ")}`);
    io.out(
      `inputs ${inputs.map(tensorText).map(printable).join(" ")}; outputs ${outputs.map(tensorText).map(printable).join(" ")}`,
    );
    for (const line of classTable(operators)) io.out(line);
    const refused = operators.filter(({ verdict }) => verdict === "refused").length;
    io.out(
      exact
        ? "class exact or canonical: every operator is proven to give the same bits on every CPU"
        : `class canonical: ${refused} of ${operators.length} operators are not proven to give the same bits natively on every CPU`,
    );
    if (exact && withoutNan.length > 0) {
      io.out(`a run with a NaN in ${withoutNan.map(printable).join(", ")} is left to the canonical engine`);
    }
  }
  return wanted === "exact" && !exact ? 1 : 0;
}
