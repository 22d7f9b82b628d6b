export type LogLevel = "debug" | "info" | "warn" | "error";
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export interface Metrics {
  /** Adds one to a counter. Names begin with `p2p_`; labels are few and bounded (topic, protocol, outcome). */
  increment(name: string, labels: Readonly<Record<string, string>>): void;
}

/** Where the parts of the network report to. */
export interface Reporter {
  readonly log: Log;
  readonly metrics?: Metrics | undefined;
  readonly penalise: (peer: string, points: number, reason: string) => void;
}
