/** Deeper nesting is refused, long before the call stack ends. */
const MAX_DEPTH = 64;

function fail(path: string, what: string): never {
  throw new Error(`no canonical JSON for ${what} at ${path || "the top"}`);
}

function writeText(text: string, path: string): string {
  if (!text.isWellFormed()) fail(path, "a text with half a surrogate pair");
  return JSON.stringify(text);
}

function write(value: unknown, path: string, depth: number): string {
  if (depth > MAX_DEPTH) fail(path, `more than ${MAX_DEPTH} levels`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return writeText(value, path);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) fail(path, `the number ${value}`);
    return String(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item, i) => write(item, `${path}[${i}]`, depth + 1)).join(",")}]`;
  }
  if (typeof value !== "object") fail(path, typeof value);
  // Code-unit order, as in RFC 8785: independent of locale and of insertion order.
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const members = entries.map(([key, item]) => {
    const at = path === "" ? key : `${path}.${key}`;
    return `${writeText(key, at)}:${write(item, at, depth + 1)}`;
  });
  return `{${members.join(",")}}`;
}

/**
 * The one text of a JSON value: keys sorted, no white space, strings as JSON.stringify writes them. A subset of RFC 8785
 * in which numbers are safe integers only; amounts are decimal strings.
 * @throws Error naming the path of a value that has none (a fraction, undefined, half a surrogate pair).
 */
export function canonicalJson(value: unknown): string {
  return write(value, "", 0);
}
