/**
 * The exact shape of a JSON value: an object's fields and no others, what each is, all entries of a list. `hex:n` is
 * upper case with n digits, `int64` a decimal string, `time` RFC 3339 in UTC with at most nine digits of fraction.
 */
export type Shape =
  | "string"
  | "number"
  | "boolean"
  | "int64"
  | "time"
  | "base64"
  | "base64|null"
  | `hex:${number}`
  | `lowerhex:${number}`
  | { readonly each: Shape }
  | { readonly is: string | number | boolean | null }
  | { readonly [field: string]: Shape };

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function fits(value: unknown, shape: string): boolean {
  if (shape === "base64|null" && value === null) return true;
  if (shape === "number" || shape === "boolean") return typeof value === shape;
  if (typeof value !== "string") return false;
  const [kind, digits] = shape.split(":");
  switch (kind) {
    case "int64":
      return /^-?(0|[1-9][0-9]{0,18})$/.test(value);
    case "time":
      return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value);
    case "base64":
    case "base64|null":
      return BASE64.test(value);
    case "hex":
      return new RegExp(`^[0-9A-F]{${digits}}$`).test(value);
    case "lowerhex":
      return new RegExp(`^[0-9a-f]{${digits}}$`).test(value);
    default:
      return true;
  }
}

/** @returns what does not fit, each as `path: reason`. */
export function check(value: unknown, shape: Shape, path = ""): string[] {
  const at = path === "" ? "" : `${path}.`;
  if (typeof shape === "string") {
    return fits(value, shape) ? [] : [`${path}: ${JSON.stringify(value)} is not ${shape}`];
  }
  if ("is" in shape)
    return value === shape.is ? [] : [`${path}: ${JSON.stringify(value)} is not ${JSON.stringify(shape.is)}`];
  if ("each" in shape) {
    if (!Array.isArray(value)) return [`${path}: not a list`];
    return value.flatMap((entry, i) => check(entry, shape.each as Shape, `${at}${i}`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path}: not an object`];
  const found = value as Readonly<Record<string, unknown>>;
  const fields = shape as Readonly<Record<string, Shape>>;
  const faults = Object.keys(found)
    .filter((field) => !(field in fields))
    .map((field) => `${at}${field}: not in the shape`);
  for (const [field, inner] of Object.entries(fields)) {
    if (field in found) faults.push(...check(found[field], inner, `${at}${field}`));
    else faults.push(`${at}${field}: missing`);
  }
  return faults;
}
