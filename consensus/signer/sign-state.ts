import fs from "node:fs";
import { promisify } from "node:util";
import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Bytes96, Uint8, Uint32, Uint64 } from "../../chain/types/primitives.ts";
import { crc32c } from "../wal/crc32c.ts";
import { replaceFile, syncFolderOf, writeReplacement } from "../wal/durable-file.ts";

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
 * holds the state before or the state after, and saving costs a single flush without a rename or a directory flush. The
 * room is taken when the file is made, so that a full disk does not keep a validator from remembering.
 */
const SLOT = 512;
const PAYLOAD = 4 + SignState.fixedEnd;

/** Where a test may end the process; what is on disk at each is told in node/failpoints.ts. */
export type SignPoint = "sign.create" | "sign.save.before" | "sign.save.written" | "sign.save.after";

/** Blocks without a signature of a key after which nobody else seems to sign with it. */
export const DOUBLE_SIGN_BLOCKS = 20;

/** What helps when it is not known what was signed: there is no other way than to wait without signing. */
export const SIGN_STATE_REMEDY =
  "Make sure that no other machine signs with this key. Then move the file and the vote key (keys/vote.json) away, let the node " +
  `follow the network for ${DOUBLE_SIGN_BLOCKS} blocks without it, stop it, put the key back and start: a new file is made`;

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

/** The file appears under its name whole: a crash leaves none, or an empty one. */
function create(file: string, failpoint: (point: SignPoint) => void): void {
  writeReplacement(file, [new Uint8Array(2 * SLOT)]);
  failpoint("sign.create");
  replaceFile(file);
  syncFolderOf(file);
}

/** @throws SignStateError when the file is damaged: what was signed last is then unknown, and signing on is dangerous. */
export function openSignState(file: string, failpoint: (point: SignPoint) => void = () => undefined): SignStateFile {
  if (!fs.existsSync(file)) create(file, failpoint);
  const bytes = Uint8Array.from(fs.readFileSync(file));
  if (bytes.length !== 2 * SLOT) {
    throw new SignStateError(file, `has ${bytes.length} bytes, expected ${2 * SLOT}. ${SIGN_STATE_REMEDY}`);
  }
  let last: SignState | undefined;
  for (const slot of [bytes.subarray(0, SLOT), bytes.subarray(SLOT)]) {
    const state = decodeSlot(slot);
    if (state === "damaged") {
      throw new SignStateError(file, `a checksum is wrong, so the last signature is unknown. ${SIGN_STATE_REMEDY}`);
    }
    if (state !== undefined && (last === undefined || state.serial > last.serial)) last = state;
  }
  const fd = fs.openSync(file, "r+");
  return {
    get last() {
      return last;
    },
    async save(state) {
      failpoint("sign.save.before");
      const slot = encodeSlot(state);
      const written = fs.writeSync(fd, slot, 0, SLOT, (state.serial % 2) * SLOT);
      if (written !== SLOT) throw new SignStateError(file, `only ${written} of ${SLOT} bytes were written`);
      failpoint("sign.save.written");
      await fdatasync(fd);
      last = state;
      failpoint("sign.save.after");
    },
    close: () => fs.closeSync(fd),
  };
}
