import { didYouMean } from "../genesis/nearest.ts";
import { externalAddressFault } from "../p2p/peer-address.ts";
import { endpointFault, MODEL_ROW, MODEL_ROW_RULE } from "./engine/remote/endpoint.ts";
import type { LogLevel } from "./log.ts";

/** One setting: its default and a check that returns what the value must be, when it is not. */
interface Setting<T> {
  readonly default: T;
  readonly doc: string;
  check(value: unknown): string | undefined;
}

function text(value: string, doc: string, pattern: RegExp, rule: string): Setting<string> {
  return {
    default: value,
    doc,
    check: (found) => (typeof found === "string" && pattern.test(found) ? undefined : `must be ${rule}`),
  };
}

function integer(value: number, doc: string, min: number, max: number): Setting<number> {
  return {
    default: value,
    doc,
    check: (found) => {
      const fits = typeof found === "number" && Number.isSafeInteger(found) && found >= min && found <= max;
      return fits ? undefined : `must be a whole number from ${min} to ${max}`;
    },
  };
}

function flag(value: boolean, doc: string): Setting<boolean> {
  return { default: value, doc, check: (found) => (typeof found === "boolean" ? undefined : "must be true or false") };
}

function oneOf<const T extends string>(value: NoInfer<T>, doc: string, values: readonly T[]): Setting<T> {
  return {
    default: value,
    doc,
    check: (found) => (values.includes(found as T) ? undefined : `must be one of ${values.join(", ")}`),
  };
}

function texts(doc: string, max: number, pattern: RegExp, rule: string): Setting<readonly string[]> {
  return {
    default: [],
    doc,
    check: (found) => {
      if (!Array.isArray(found) || found.length > max) return `must be a list of at most ${max}, each ${rule}`;
      const bad = found.find((item) => typeof item !== "string" || !pattern.test(item));
      return bad === undefined ? undefined : `holds ${JSON.stringify(bad).slice(0, 120)}, but each must be ${rule}`;
    },
  };
}

/** A host name or an IP address; whether it exists is seen when it is listened on. */
const HOST = /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,253}[a-zA-Z0-9])?$|^[0-9a-fA-F:.]{2,45}$/;
const HOST_RULE = 'a host name or IP address such as "127.0.0.1"';
const LISTEN = /^\/(ip4|ip6|dns4|dns6)\/[^/\s]{1,253}\/tcp\/\d{1,5}$/;
const PEER = /^\/(ip4|ip6|dns|dns4|dns6)\/[^/\s]{1,253}\/tcp\/\d{1,5}\/p2p\/[1-9A-HJ-NP-Za-km-z]{20,80}$/;
const PEER_ID = /^[1-9A-HJ-NP-Za-km-z]{20,80}$/;

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const satisfies readonly LogLevel[];

/** The one table of what `config.json` may hold. Everything listens on loopback unless told otherwise. */
export const SETTINGS = {
  moniker: text(
    "node",
    "Name under which the node shows itself.",
    /^[ -~]{1,64}$/,
    "1 to 64 printable ASCII characters",
  ),
  rpc: {
    host: text("127.0.0.1", "Address that the RPC listens on.", HOST, HOST_RULE),
    port: integer(26657, "Port of the RPC; 0 takes a free one.", 0, 65535),
  },
  p2p: {
    listen: text(
      "/ip4/127.0.0.1/tcp/26656",
      "Multiaddress to listen on.",
      LISTEN,
      'one like "/ip4/127.0.0.1/tcp/26656"',
    ),
    peers: texts(
      "Multiaddresses of peers to stay connected with.",
      256,
      PEER,
      'one like "/ip4/192.0.2.1/tcp/26656/p2p/12D3…"',
    ),
    exchange: flag(true, "Whether the node finds peers by asking others, and tells them of those it has reached."),
    outbound: integer(8, "Peers that the node finds by itself and stays connected with, besides p2p.peers.", 0, 32),
    bootstrap: texts(
      "Multiaddresses of peers to ask for others while too few are known.",
      64,
      PEER,
      'one like "/ip4/192.0.2.1/tcp/26656/p2p/12D3…"',
    ),
    externalAddress: {
      default: "",
      doc: "Where others reach this node, behind a router for instance; empty for the address it listens on.",
      check: (found) =>
        found === "" ? undefined : typeof found === "string" ? externalAddressFault(found) : "must be text",
    } satisfies Setting<string> as Setting<string>,
    allowPrivate: flag(false, "Whether addresses of loopback and local networks are taken from others and told."),
    private: flag(false, "Whether the node has to do with p2p.peers alone: for a validator behind sentries."),
    privatePeers: texts(
      "Peer ids that always find a place here and whose addresses are told to nobody: the validators behind a sentry.",
      64,
      PEER_ID,
      'a peer id like "12D3…", as "assay init" prints it',
    ),
  },
  metrics: {
    host: text("127.0.0.1", "Address that the metrics listen on.", HOST, HOST_RULE),
    port: integer(26660, "Port of the Prometheus metrics; 0 takes a free one.", 0, 65535),
  },
  log: { level: oneOf("info", "Least level that is written.", LOG_LEVELS) },
  retention: {
    heights: integer(100_000, "Blocks and states kept; 0 keeps all.", 0, Number.MAX_SAFE_INTEGER),
  },
  sync: {
    trustHeight: integer(
      0,
      "Height of a block that you trust: an empty node begins with a snapshot instead of block 1; 0 begins with block 1.",
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    trustHash: text(
      "",
      "Id of the block at sync.trustHeight, from somebody you trust.",
      /^([0-9a-fA-F]{64})?$/,
      "the 64 hex digits of a block id, or empty",
    ),
    verifyInference: oneOf(
      "certified",
      "What becomes of inline outputs in blocks that others have decided: certified takes them, as two thirds of the power have run the models; full runs the models again, and stops where an output differs.",
      ["certified", "full"],
    ),
  },
  snapshots: {
    interval: integer(0, "A snapshot of the state is made every so many blocks; 0 makes none.", 0, 1_000_000_000),
    keep: integer(2, "Snapshots kept, the newest ones.", 1, 16),
  },
  halt: {
    height: integer(0, "The node stops once it has committed this block; 0 goes on.", 0, Number.MAX_SAFE_INTEGER),
    time: integer(
      0,
      "The node stops once it has committed a block of this time or later, in Unix seconds; 0 goes on.",
      0,
      8_640_000_000_000,
    ),
  },
  upgrade: {
    skipHeights: texts(
      "Heights at which the node goes on without the upgrade that is planned there; two thirds of the stake have to do so together.",
      64,
      /^[1-9]\d{0,14}$/,
      'a height such as "120000"',
    ),
  },
  invariants: {
    every: integer(
      0,
      "The node looks at every invariant after each so many blocks, and stops when one is broken; it reads the whole state. 0 never does.",
      0,
      1_000_000_000,
    ),
  },
  signer: {
    socket: text(
      "",
      "Socket of a remote signer, which then has the vote key instead of this node; empty for a key in this home.",
      /^(\/[^\p{Cc}]{1,102})?$/u,
      "an absolute path of at most 103 characters, or empty",
    ),
  },
  engine: {
    enabled: flag(true, "Whether this node runs models; a validator must."),
    processes: integer(
      0,
      "Processes that run models, each with up to 1.7 GiB; 0 takes one for each core but one, and at most two.",
      0,
      16,
    ),
    remote: {
      url: {
        default: "",
        doc: "An inference server that speaks the Open Inference Protocol v2 (Triton, KServe), for models of the tolerance class; empty for none.",
        check: (found) =>
          found === "" ? undefined : typeof found === "string" ? endpointFault(found) : "must be text",
      } satisfies Setting<string> as Setting<string>,
      format: oneOf(
        "binary",
        "How tensors travel there: as bytes (the binary tensor data extension), or as JSON, which has no NaN and no infinities.",
        ["binary", "json"],
      ),
      models: texts(
        "What the server calls models, by blob root; any other is asked for by its root in hex.",
        1024,
        MODEL_ROW,
        MODEL_ROW_RULE,
      ),
      ca: text(
        "",
        "File with the certificates (PEM) that the server's must be signed by; empty for those that Node.js trusts.",
        /^(\/[^\p{Cc}]{1,4095})?$/u,
        "an absolute path, or empty",
      ),
      concurrency: integer(4, "Requests at once to the server.", 1, 256),
      connectMs: integer(2000, "Milliseconds for a connection to the server, the TLS handshake included.", 1, 600_000),
      firstByteMs: integer(30_000, "Milliseconds from then to the headers of its answer.", 1, 3_600_000),
      totalMs: integer(60_000, "Milliseconds for a whole run there, at most.", 1, 3_600_000),
      maxResponseBytes: integer(18_874_368, "Bytes of an answer of the server at most.", 65_536, 67_108_864),
      breakerFailures: integer(
        5,
        "Failures in a row after which the server, or a model there, is left alone.",
        1,
        1000,
      ),
      breakerDelayMs: integer(1000, "Milliseconds until it is tried again; doubled by each failure.", 1, 3_600_000),
      breakerMaxDelayMs: integer(60_000, "What that is doubled up to.", 1, 86_400_000),
    },
  },
  blobs: {
    maxBytes: integer(
      4_294_967_296,
      "Bytes of models on the disk at most; what no registered model needs goes first.",
      67_108_864,
      Number.MAX_SAFE_INTEGER,
    ),
    unregistered: integer(
      268_435_456,
      "Bytes of models, of those at most, that clients may hand over before their registration; 0 takes none.",
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    unregisteredPerClient: integer(
      67_108_864,
      "Of these, bytes from one address (IPv6: from one network of 64 bits) at most.",
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    uploadExpiry: integer(3600, "Seconds after which an upload that gets no more chunks is deleted.", 1, 31_536_000),
    retention: integer(
      86_400,
      "Seconds that a model stays which is not registered, or has failed its admission.",
      0,
      31_536_000,
    ),
  },
  mempool: {
    maxTxs: integer(5000, "Transactions waiting at most.", 1, 1_000_000),
    maxBytes: integer(67_108_864, "Bytes of the transactions waiting at most.", 1_048_576, 4_294_967_296),
    ttl: integer(
      3600,
      "Seconds after which a transaction that no block has taken is dropped; 0 keeps it.",
      0,
      31_536_000,
    ),
  },
} as const;

type ConfigOf<S> = S extends Setting<infer T> ? T : { readonly [K in keyof S]: ConfigOf<S[K]> };
/** A node's own settings, the contents of `config.json`. Everything that all nodes must agree on is in genesis instead. */
export type NodeConfig = ConfigOf<typeof SETTINGS>;

/** `path` is like `rpc.port`. */
export interface ConfigError {
  readonly path: string;
  readonly message: string;
}
export type ConfigResult =
  | { readonly ok: true; readonly config: NodeConfig }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

type Table = { readonly [name: string]: Table | Setting<unknown> };

function isSetting(entry: Table | Setting<unknown>): entry is Setting<unknown> {
  return typeof entry.check === "function";
}

function fill(table: Table, found: unknown, at: string, errors: ConfigError[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const isObject = typeof found === "object" && found !== null && !Array.isArray(found);
  if (!isObject && found !== undefined) errors.push({ path: at.slice(0, -1), message: "must be an object" });
  const given = new Map(isObject ? Object.entries(found) : []);
  for (const key of given.keys()) {
    if (Object.hasOwn(table, key)) continue;
    errors.push({ path: `${at}${key}`, message: `there is no such setting${didYouMean(key, Object.keys(table))}` });
  }
  for (const [key, entry] of Object.entries(table)) {
    if (!isSetting(entry)) {
      values[key] = fill(entry, given.get(key), `${at}${key}.`, errors);
      continue;
    }
    const value = given.has(key) ? given.get(key) : entry.default;
    const rule = entry.check(value);
    if (rule !== undefined) errors.push({ path: `${at}${key}`, message: `${rule}, not ${show(value)}` });
    values[key] = value;
  }
  return values;
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 120);
}

/** Settings that are right each by itself and not together. */
function contradictionsIn({ p2p }: NodeConfig): ConfigError[] {
  const errors: ConfigError[] = [];
  if (!p2p.private) return errors;
  if (p2p.peers.length === 0) {
    errors.push({
      path: "p2p.private",
      message: "a private node knows only p2p.peers, which is empty: name its sentries",
    });
  }
  if (p2p.bootstrap.length > 0) {
    errors.push({ path: "p2p.bootstrap", message: "a private node asks nobody: move its sentries to p2p.peers" });
  }
  if (p2p.externalAddress !== "") {
    errors.push({ path: "p2p.externalAddress", message: "a private node tells its address to nobody: leave it empty" });
  }
  return errors;
}

/**
 * Checks the contents of a `config.json` and fills in the defaults.
 * @returns the settings, or everything that is wrong with them, unknown keys with the nearest right one.
 */
export function parseConfig(json: unknown): ConfigResult {
  const errors: ConfigError[] = [];
  const values = json === undefined ? {} : json;
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    return { ok: false, errors: [{ path: "", message: "the settings must be a JSON object" }] };
  }
  const filled = fill(SETTINGS, values, "", errors);
  if (errors.length > 0) return { ok: false, errors };
  // The table's own type is the proof: each value has passed the check of the setting it is typed by.
  const config = filled as unknown as NodeConfig;
  const contradictions = contradictionsIn(config);
  return contradictions.length > 0 ? { ok: false, errors: contradictions } : { ok: true, config };
}

/** All defaults. */
export function defaultConfig(): NodeConfig {
  const result = parseConfig({});
  if (!result.ok)
    throw new Error(`a default breaks its own rule: ${result.errors.map((error) => error.path).join(", ")}`);
  return result.config;
}
