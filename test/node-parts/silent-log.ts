import type { Logger } from "../../node/log.ts";

/** A logger that keeps what it is told. */
export function silentLog(): Logger & { readonly lines: { level: string; message: string; fields: object }[] } {
  const lines: { level: string; message: string; fields: object }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, message, fields });
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), lines, child: () => log };
  return log;
}
