/** What the server calls a model, and which of its versions; without one the server chooses. */
export interface RemoteModelName {
  readonly name: string;
  readonly version?: string;
}

/** No character that means anything in a URL, and no leading dot. */
const PART = "[A-Za-z0-9][A-Za-z0-9._-]";
/** One row of the table of model names: blob root in hex, name, and a version where it matters. */
export const MODEL_ROW = new RegExp(`^([0-9a-f]{64})=(${PART}{0,127})(?:/(${PART}{0,31}))?$`);
export const MODEL_ROW_RULE = 'one like "<root in lower-case hex>=<name>" or "<root>=<name>/<version>"';

/** @param rows each as MODEL_ROW has it; of two for one root the last one holds. */
export function modelNames(rows: readonly string[]): ReadonlyMap<string, RemoteModelName> {
  const names = new Map<string, RemoteModelName>();
  for (const row of rows) {
    const [, root, name, version] = MODEL_ROW.exec(row) ?? [];
    if (root === undefined || name === undefined) throw new Error(`not a row of model names: ${row.slice(0, 200)}`);
    names.set(root, version === undefined ? { name } : { name, version });
  }
  return names;
}

/**
 * Why a text is not the address of a server: http or https, a host, perhaps a port and a path that all others are below. A name and
 * password, a query or a fragment would be lost or shown in logs.
 */
export function endpointFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:") || text.length > 2048) {
    return 'must be an http or https URL such as "https://inference.example.org:8000"';
  }
  if (url.username !== "" || url.password !== "") return "must have no name and password";
  return text.includes("?") || text.includes("#") ? "must have no query and no fragment" : undefined;
}

/** The address of a path of the protocol, like `v2/health/live`. @param base without endpointFault. */
export function endpointUrl(base: string, path: string): URL {
  return new URL(path, base.endsWith("/") ? base : `${base}/`);
}

export function modelPath({ name, version }: RemoteModelName): string {
  const model = `v2/models/${encodeURIComponent(name)}`;
  return version === undefined ? model : `${model}/versions/${encodeURIComponent(version)}`;
}
