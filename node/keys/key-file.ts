import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode, UserError } from "../user-error.ts";

/**
 * What a key is for; written into its file, so that no key is ever used for another purpose. An account is kept as words (`account`), as a
 * bare private key, encrypted, or by the system's keyring.
 */
export type KeyType =
  | "node"
  | "identity"
  | "vote"
  | "account"
  | "private-account"
  | "sealed-account"
  | "system-account";

/** The only version of the format. Values are hexadecimal or words. */
const VERSION = 1;
/** A key file is a few hundred bytes; more is not one. */
const MAX_SIZE = 16_384;

export type KeyFields = Readonly<Record<string, string>>;

/** Makes the names in a folder last. */
export function fsyncFolder(folder: string): void {
  if (process.platform === "win32") return; // Folders can't be opened there.
  const fd = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes a new key file, readable by its owner only. It appears whole or not at all, and never in place of another.
 * @throws UserError when the file exists.
 */
export function createKeyFile(path: string, type: KeyType, fields: KeyFields): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const fd = openSync(temporary, "wx", 0o600);
  try {
    try {
      writeFileSync(fd, `${JSON.stringify({ type, version: VERSION, ...fields }, null, 2)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    // Unlike a rename, a link fails when the name is taken.
    linkSync(temporary, path);
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
    throw new UserError(`key file ${path} exists and is never overwritten: move it away first`, { cause: error });
  } finally {
    unlinkSync(temporary);
  }
  fsyncFolder(dirname(path));
}

function readPrivate(path: string): string {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT") throw new UserError(`key file ${path} does not exist`, { cause: error });
    if (code === "ELOOP")
      throw new UserError(`key file ${path} is a symbolic link: put the file itself there`, { cause: error });
    if (code === "EACCES") throw new UserError(`key file ${path} belongs to another user`, { cause: error });
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new UserError(`key file ${path} is not a regular file`);
    if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, "0");
      throw new UserError(`key file ${path} can be read by others (mode ${mode}): run chmod 600 ${path}`);
    }
    if (stat.size > MAX_SIZE)
      throw new UserError(`key file ${path} has ${stat.size} bytes, more than ${MAX_SIZE}: not a key`);
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads a key file of one type with exactly these fields.
 * @throws UserError for a file that is missing, open to others, damaged or of another type. Never quotes the contents.
 */
export function readKeyFile<F extends string>(path: string, type: KeyType, fields: readonly F[]): Record<F, string> {
  const source = readPrivate(path);
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch {
    // The parser's message quotes the text, which may be the secret.
    throw new UserError(`key file ${path} is damaged: not JSON`);
  }
  const found = new Map(typeof json === "object" && json !== null ? Object.entries(json as object) : []);
  if (found.get("type") !== type) throw new UserError(`key file ${path} does not hold a key of type "${type}"`);
  if (found.get("version") !== VERSION) throw new UserError(`key file ${path} is not of version ${VERSION}`);
  const values = {} as Record<F, string>;
  for (const name of fields) {
    const value = found.get(name);
    if (typeof value !== "string") throw new UserError(`key file ${path} is damaged: "${name}" is missing`);
    values[name] = value;
  }
  if (found.size !== fields.length + 2)
    throw new UserError(`key file ${path} is damaged: it holds fields of no meaning`);
  return values;
}

/** The type that a key file says it has, whatever else is in it; undefined for anything that is not a whole key file. */
export function keyTypeOf(path: string): string | undefined {
  const source = readPrivate(path);
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch {
    return undefined; // The parser's message quotes the text, which may be the secret.
  }
  const { type } = (json ?? {}) as { readonly type?: unknown };
  return typeof type === "string" ? type : undefined;
}

/** Decodes a hexadecimal field of a key file. @throws UserError naming the file and the field, never the value. */
export function keyBytes(path: string, name: string, value: string, length: number): Uint8Array {
  if (value.length !== length * 2 || !/^[0-9a-f]*$/.test(value)) {
    throw new UserError(`key file ${path} is damaged: "${name}" must be ${length} bytes in lower-case hexadecimal`);
  }
  return new Uint8Array(Buffer.from(value, "hex"));
}
