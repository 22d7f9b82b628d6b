import { pino } from "pino";
import { toHex } from "../chain/bytes.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** What a line is about, by name. An `Error` under `err` is written with its stack; bytes as hex; bigints in decimal. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logging: the fields carry what varies, so that the message stays the same text and can be searched for. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger whose every line carries these fields. */
  child(fields: LogFields): Logger;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Stands in every line: the part of the node, or the node's moniker. */
  readonly name: string;
  /** One readable line instead of JSON, for a person at a terminal. */
  readonly pretty?: boolean;
  /** Where lines go, each with its newline; standard error by default, so that a command's result stays alone on standard output. */
  readonly write?: (line: string) => void;
}

/** Fields of pino's own that a readable line shows in its head, not among the others. */
const HEAD = new Set(["level", "time", "name", "msg", "pid", "hostname"]);

/** Everything a terminal could take for a command: a peer chooses some of the texts that are logged. */
const CONTROL = /\p{Cc}/gu;

function printable(text: string): string {
  return text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** `2030-01-01T00:00:00.000Z WARN  [p2p] a peer left peerId="12D3…"`, errors with their stack below. */
function readable(line: string): string {
  const record = JSON.parse(line) as Record<string, unknown>;
  const fields: string[] = [];
  let stack = "";
  for (const [key, value] of Object.entries(record)) {
    if (HEAD.has(key)) continue;
    if (typeof value === "object" && value !== null && "stack" in value && typeof value.stack === "string") {
      stack += `\n${value.stack.split("\n").map(printable).join("\n")}`;
    } else {
      fields.push(` ${printable(key)}=${printable(JSON.stringify(value))}`);
    }
  }
  const level = String(record.level).toUpperCase().padEnd(5);
  const time = String(record.time);
  return `${time} ${level} [${printable(String(record.name))}] ${printable(String(record.msg))}${fields.join("")}${stack}\n`;
}

function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value instanceof Uint8Array) plain[key] = toHex(value);
    else if (typeof value === "bigint") plain[key] = value.toString();
    else plain[key] = value;
  }
  return plain;
}

function wrap(log: pino.Logger): Logger {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    child: (fields) => wrap(log.child(plainFields(fields))),
  };
}

/** Lines are written synchronously: the last ones before a crash are the ones that matter. */
export function createLog(options: LogOptions): Logger {
  const destination = pino.destination({ fd: 2, sync: true });
  const write = options.write ?? ((line: string) => void destination.write(line));
  return wrap(
    pino(
      {
        level: options.level,
        name: options.name,
        base: { name: options.name },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }), log: plainFields },
        serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
      },
      { write: options.pretty === true ? (line: string) => write(readable(line)) : write },
    ),
  );
}
