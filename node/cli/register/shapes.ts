import { own, readOnnx } from "../../engine/exactness/onnx-reader.ts";
import { ANY_LENGTH, type TensorSpec } from "../../engine/model-spec.ts";
import { MalformedModelError } from "../../engine/onnx-wire.ts";
import { UserError } from "../../user-error.ts";

/** What `--shape` says: whole shapes of tensors, and lengths of dimensions, by name. */
export type ShapeOptions = ReadonlyMap<string, readonly number[]>;

const MAX_LENGTH = 1_000_000;

/** @param texts such as `x=1,3,32,32` or `batch=4`. @throws UserError */
export function parseShapes(texts: readonly string[]): ShapeOptions {
  const shapes = new Map<string, readonly number[]>();
  for (const text of texts) {
    const at = text.lastIndexOf("=");
    const name = text.slice(0, Math.max(0, at));
    const lengths = text.slice(at + 1);
    const shape = lengths.split(",").map((length) => (/^[1-9][0-9]{0,6}$/.test(length) ? Number(length) : 0));
    if (name === "" || shape.some((length) => length === 0 || length > MAX_LENGTH)) {
      throw new UserError(`--shape must be like x=1,3,32,32 or batch=4, not "${text.slice(0, 80)}"`);
    }
    if (shapes.has(name)) throw new UserError(`--shape names ${name} twice`);
    shapes.set(name, shape);
  }
  return shapes;
}

/** Names of the open dimensions of a model's inputs, by input and axis; empty for a file that the full reader does not take. */
function dimensionNames(model: Uint8Array): ReadonlyMap<string, readonly (string | undefined)[]> {
  try {
    return new Map(
      readOnnx(model).graph.input.map(({ name, type }) => [
        name,
        (type?.tensorType?.shape?.dim ?? []).map((dim) => own(dim, "dimParam")),
      ]),
    );
  } catch (error) {
    if (error instanceof MalformedModelError) return new Map(); // Larger than it reads: then only inputs can be named.
    throw error;
  }
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.map((length) => (length === ANY_LENGTH ? "?" : length)).join(",")}]`;
}

/** @throws UserError for a shape that is not of the file's rank, or differs where the file is fixed. */
function fixedBy(spec: TensorSpec, asked: readonly number[]): readonly number[] {
  const fits =
    asked.length === spec.shape.length && spec.shape.every((n, axis) => n === ANY_LENGTH || n === asked[axis]);
  if (fits) return asked;
  throw new UserError(`--shape ${spec.name}=${asked.join(",")}: the file says ${shapeText(spec.shape)}`);
}

/**
 * The shapes of a model's inputs without open lengths: what `--shape` says of the input or of the dimension, what `example` has there, or 1.
 * @param outputs names that `--shape` may also say something of.
 * @throws UserError for an option that fits nothing.
 */
export function inputShapes(
  model: Uint8Array,
  inputs: readonly TensorSpec[],
  outputs: readonly string[],
  options: ShapeOptions,
  example: (input: string) => readonly number[] | undefined = () => undefined,
): readonly TensorSpec[] {
  const tensors = new Set([...inputs.map(({ name }) => name), ...outputs]);
  const ofDimensions = [...options.keys()].filter((name) => !tensors.has(name));
  const dimensions = ofDimensions.length === 0 ? new Map<string, readonly string[]>() : dimensionNames(model);
  const known = new Set([...dimensions.values()].flat());
  const stray = ofDimensions.find((name) => !known.has(name) || options.get(name)?.length !== 1);
  if (stray !== undefined) {
    const names = [...tensors, ...[...known].filter((name) => name !== undefined)].join(", ");
    throw new UserError(`--shape ${stray}=…: the file has ${names}`);
  }
  return inputs.map((spec) => {
    const asked = options.get(spec.name);
    if (asked !== undefined) return { ...spec, shape: fixedBy(spec, asked) };
    const shown = example(spec.name);
    const shape = spec.shape.map((length, axis) => {
      if (length !== ANY_LENGTH) return length;
      const dimension = dimensions.get(spec.name)?.[axis];
      return (dimension === undefined ? undefined : options.get(dimension)?.[0]) ?? shown?.[axis] ?? 1;
    });
    return { ...spec, shape };
  });
}
