import { readFileSync, renameSync, statSync } from "node:fs";
import { BOOK_BOUNDS, type SavedAddress } from "../p2p/address-book.ts";
import { MAX_ADDRESS_LENGTH, parsePeerAddress } from "../p2p/peer-address.ts";
import { writeJson } from "./home.ts";
import type { Logger } from "./log.ts";
import { systemErrorCode } from "./user-error.ts";

export interface AddressBookFileOptions {
  readonly path: string;
  readonly known: () => readonly SavedAddress[];
  readonly log: Pick<Logger, "warn">;
}

const VERSION = 1;
const MAX_BYTES = 1_048_576;
const MAX_ENTRIES = BOOK_BOUNDS.heard + BOOK_BOUNDS.tried;
const SAVE_MS = 60_000;

/** Addresses that an earlier process has known. A file that is not one of ours is kept aside, and an empty book begun. */
export function readAddressBook(path: string, log: Pick<Logger, "warn">): readonly SavedAddress[] {
  try {
    if (statSync(path).size > MAX_BYTES) throw new SyntaxError(`it has more than ${MAX_BYTES} bytes`);
    return parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    if (!(error instanceof SyntaxError)) throw error;
    const kept = `${path}.damaged`;
    renameSync(path, kept);
    log.warn({ kept, reason: error.message }, "the address book is damaged: it was put aside, and a new one begins");
    return [];
  }
}

/** Writes the address book every minute, if it has changed, until it is stopped; then once more. */
export function keepAddressBook({ path, known, log }: AddressBookFileOptions): { stop(): void } {
  let written = "[]";
  const save = (): void => {
    const addresses = known();
    const text = JSON.stringify(addresses);
    if (text === written) return;
    try {
      writeJson(path, { version: VERSION, addresses });
      written = text;
    } catch (error) {
      // Nothing depends on it: the node would only have to ask again.
      log.warn({ path, err: error }, "the address book could not be written");
    }
  };
  const timer = setInterval(save, SAVE_MS).unref();
  return {
    stop() {
      clearInterval(timer);
      save();
    },
  };
}

/** Throws SyntaxError. */
function parse(json: unknown): SavedAddress[] {
  const { version, addresses } = (json ?? {}) as { version?: unknown; addresses?: unknown };
  if (version !== VERSION || !Array.isArray(addresses)) throw new SyntaxError("it is no address book of this version");
  if (addresses.length > MAX_ENTRIES) throw new SyntaxError(`it holds more than ${MAX_ENTRIES} addresses`);
  return addresses.map(parseEntry);
}

function parseEntry(json: unknown, index: number): SavedAddress {
  const { address, tried, source, sourceGroup } = (json ?? {}) as { readonly [key in keyof SavedAddress]?: unknown };
  const isName = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_ADDRESS_LENGTH;
  const isWhole = typeof tried === "boolean" && isName(source) && (sourceGroup === undefined || isName(sourceGroup));
  if (!isWhole || !isName(address) || parsePeerAddress(address) === undefined) {
    throw new SyntaxError(`its entry ${index} is no address`);
  }
  return { address, tried, source, ...(sourceGroup === undefined ? {} : { sourceGroup }) };
}
