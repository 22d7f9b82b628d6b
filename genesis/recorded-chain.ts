import type { RecordedStart } from "../chain/executor/genesis.ts";
import type { Report } from "../chain/module.ts";
import type { Rotation } from "../chain/proposer-rotation.ts";
import { MAX_VALIDATORS } from "../chain/types/limits.ts";

/**
 * Where the chain was whose state an exported document holds: its height, which the new one counts on from, and who votes first. Keys and
 * operators in base64, numbers that may be large as decimal texts.
 */
export interface RecordedChain {
  readonly height: number;
  readonly validators: readonly RecordedValidator[];
}

export interface RecordedValidator {
  readonly operator: string;
  readonly identityKey: string;
  readonly voteKey: string;
  readonly power: string;
  /** Of the proposer's rotation: a signed 64-bit integer. */
  readonly priority: string;
}

const LENGTHS = { operator: 20, identityKey: 32, voteKey: 48 } as const;
const FIELDS = [...Object.keys(LENGTHS), "power", "priority"];
const INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

export function recordChain(height: number, { validators, priorities }: Rotation): RecordedChain {
  return {
    height,
    validators: validators.map(({ operator, identityKey, voteKey, power }, i) => ({
      operator: base64(operator),
      identityKey: base64(identityKey),
      voteKey: base64(voteKey),
      power: String(power),
      priority: String(priorities[i] ?? 0n),
    })),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readBytes(value: unknown, path: string, length: number, report: Report): Uint8Array {
  const bytes = typeof value === "string" ? new Uint8Array(Buffer.from(value, "base64")) : undefined;
  if (bytes?.length === length && base64(bytes) === value) return bytes;
  report(path, `must be ${length} bytes in base64`);
  return new Uint8Array(length);
}

function readInteger(value: unknown, path: string, least: bigint, report: Report): bigint {
  const number = typeof value === "string" && INTEGER.test(value) ? BigInt(value) : undefined;
  if (number !== undefined && number >= least && number < 2n ** 63n) return number;
  report(path, `must be a whole number from ${least} on, as a text`);
  return 0n;
}

/** Reports all that is wrong; what it returns then is of no use. */
export function readRecordedChain(json: unknown, report: Report): RecordedStart | undefined {
  if (!isRecord(json)) {
    report("recorded", "must be an object with height and validators");
    return undefined;
  }
  for (const key of Object.keys(json)) {
    if (key !== "height" && key !== "validators") report(`recorded.${key.slice(0, 80)}`, "there is no such field");
  }
  const { height, validators: list } = json;
  if (typeof height !== "number" || !Number.isSafeInteger(height) || height < 0 || height > 2 ** 48) {
    report("recorded.height", "must be a height");
  }
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_VALIDATORS) {
    report("recorded.validators", `must be a list of 1 to ${MAX_VALIDATORS} validators`);
    return undefined;
  }
  const priorities: bigint[] = [];
  const seen = new Set<string>();
  const validators = list.map((entry: unknown, i) => {
    const path = `recorded.validators[${i}]`;
    if (!isRecord(entry)) report(path, "must be an object");
    const fields = isRecord(entry) ? entry : {};
    for (const key of Object.keys(fields)) {
      if (!FIELDS.includes(key)) report(`${path}.${key.slice(0, 80)}`, "there is no such field");
    }
    const bytes = (name: keyof typeof LENGTHS): Uint8Array => {
      const shown = `${name} ${String(fields[name])}`;
      if (seen.has(shown)) report(`${path}.${name}`, "stands twice");
      seen.add(shown);
      return readBytes(fields[name], `${path}.${name}`, LENGTHS[name], report);
    };
    priorities.push(readInteger(fields.priority, `${path}.priority`, -(2n ** 63n), report));
    const keys = { operator: bytes("operator"), identityKey: bytes("identityKey"), voteKey: bytes("voteKey") };
    return { ...keys, power: readInteger(fields.power, `${path}.power`, 1n, report) };
  });
  return { height: Number(height), rotation: { validators, priorities } };
}
