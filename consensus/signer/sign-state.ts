import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Bytes96, Uint8, Uint32, Uint64 } from "../../chain/types/primitives.ts";
import { crc32c } from "../wal/crc32c.ts";

const fdatasync = promisify(fs.fdatasync);

/** The order in which a validator signs within a round. */
export const SIGN_STEP = { proposal: 1, prevote: 2, precommit: 3 } as const;

/** The last thing that was signed. `serial` counts signatures. */
export const SignState = new ContainerType(
  { serial: Uint64, height: Uint64, round: Uint32, step: Uint8, root: Bytes32, signature: Bytes96 },
  { typeName: "SignState" },
);
export type SignState = ValueOf<typeof SignState>;

/**
 * Two slots of one disk sector each, written in turn and in place: a sector is written whole or not at all, so the file
 * holds the state before or the state after, and saving costs a single flush without a rename or a directory flush.
 */
const SLOT = 512;
const PAYLOAD = 4 + SignState.fixedEnd;

export class SignStateError extends Error {
  readonly path: string;
  constructor(file: string, message: string) {
    super(`sign state ${file}: ${message}`);
    this.name = "SignStateError";
    this.path = file;
  }
}

export interface SignStateFile {
  readonly last: SignState | undefined;
  /** Resolves when the state is on disk. One at a time. */
  save(state: SignState): Promise<void>;
  close(): void;
}

function encodeSlot(state: SignState): Uint8Array {
  const slot = new Uint8Array(SLOT);
  const body = SignState.serialize(state);
  new DataView(slot.buffer).setUint32(0, crc32c(body), true);
  slot.set(body, 4);
  return slot;
}

/** @returns undefined for a slot never written, "damaged" for one whose checksum is wrong. */
function decodeSlot(slot: Uint8Array): SignState | "damaged" | undefined {
  if (slot.every((byte) => byte === 0)) return undefined;
  const body = slot.subarray(4, PAYLOAD);
  const expected = new DataView(slot.buffer, slot.byteOffset).getUint32(0, true);
  return crc32c(body) === expected ? SignState.deserialize(body) : "damaged";
}

function create(file: string): void {
  const fd = fs.openSync(file, "wx", 0o600);
  fs.writeSync(fd, new Uint8Array(2 * SLOT));
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  if (process.platform === "win32") return; // Directories can't be opened there.
  const folder = fs.openSync(path.dirname(file), "r");
  fs.fsyncSync(folder);
  fs.closeSync(folder);
}

/** @throws SignStateError when the file is damaged: what was signed last is then unknown, and signing on is dangerous. */
export function openSignState(file: string): SignStateFile {
  if (!fs.existsSync(file)) create(file);
  const bytes = Uint8Array.from(fs.readFileSync(file));
  if (bytes.length !== 2 * SLOT) throw new SignStateError(file, `has ${bytes.length} bytes, expected ${2 * SLOT}`);
  let last: SignState | undefined;
  for (const slot of [bytes.subarray(0, SLOT), bytes.subarray(SLOT)]) {
    const state = decodeSlot(slot);
    if (state === "damaged") {
      const remedy =
        "Replace it by a backup only if that is newer than the last signature; otherwise let the network pass the height this validator was at and start with a new file";
      throw new SignStateError(file, `a checksum is wrong, so the last signature is unknown. ${remedy}`);
    }
    if (state !== undefined && (last === undefined || state.serial > last.serial)) last = state;
  }
  const fd = fs.openSync(file, "r+");
  return {
    get last() {
      return last;
    },
    async save(state) {
      const slot = encodeSlot(state);
      const written = fs.writeSync(fd, slot, 0, SLOT, (state.serial % 2) * SLOT);
      if (written !== SLOT) throw new SignStateError(file, `only ${written} of ${SLOT} bytes were written`);
      await fdatasync(fd);
      last = state;
    },
    close: () => fs.closeSync(fd),
  };
}
