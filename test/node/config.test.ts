import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultConfig, parseConfig, SETTINGS } from "../../node/config.ts";
import { readConfig, writeJson } from "../../node/home.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const PEER = "/ip4/192.0.2.1/tcp/26656/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";

test("an empty configuration is all defaults, on loopback", () => {
  const config = defaultConfig();
  expect(parseConfig({})).toEqual({ ok: true, config });
  expect(parseConfig(undefined)).toEqual({ ok: true, config });
  expect(config).toEqual({
    moniker: "node",
    rpc: { host: "127.0.0.1", port: 26657 },
    p2p: {
      listen: "/ip4/127.0.0.1/tcp/26656",
      peers: [],
      exchange: true,
      outbound: 8,
      bootstrap: [],
      externalAddress: "",
      allowPrivate: false,
      private: false,
      privatePeers: [],
    },
    metrics: { host: "127.0.0.1", port: 26660 },
    log: { level: "info" },
    retention: { heights: 100_000 },
    sync: { trustHeight: 0, trustHash: "", verifyInference: "certified" },
    snapshots: { interval: 0, keep: 2 },
    halt: { height: 0, time: 0 },
    upgrade: { skipHeights: [] },
    invariants: { every: 0 },
    signer: { socket: "" },
    engine: {
      enabled: true,
      processes: 0,
      remote: {
        url: "",
        format: "binary",
        models: [],
        ca: "",
        concurrency: 4,
        connectMs: 2000,
        firstByteMs: 30_000,
        totalMs: 60_000,
        maxResponseBytes: 18_874_368,
        breakerFailures: 5,
        breakerDelayMs: 1000,
        breakerMaxDelayMs: 60_000,
      },
    },
    blobs: {
      maxBytes: 4_294_967_296,
      unregistered: 268_435_456,
      unregisteredPerClient: 67_108_864,
      uploadExpiry: 3600,
      retention: 86_400,
    },
    mempool: { maxTxs: 5000, maxBytes: 67_108_864, ttl: 3600 },
  });
});

test("what is given is kept, in every section", () => {
  const given = {
    moniker: "my node",
    rpc: { host: "::1", port: 0 },
    p2p: {
      listen: "/dns4/node.example.org/tcp/4001",
      peers: [PEER],
      exchange: false,
      outbound: 0,
      bootstrap: [PEER],
      externalAddress: "/ip4/192.0.2.1/tcp/4001",
      allowPrivate: true,
      private: false,
      privatePeers: ["12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"],
    },
    metrics: { host: "localhost", port: 9 },
    log: { level: "debug" },
    retention: { heights: 0 },
    sync: { trustHeight: 9, trustHash: "0a".repeat(32), verifyInference: "full" },
    snapshots: { interval: 100, keep: 16 },
    halt: { height: 7, time: 9 },
    upgrade: { skipHeights: ["12"] },
    invariants: { every: 100 },
    signer: { socket: "/run/assay/signer.sock" },
    engine: {
      enabled: false,
      processes: 3,
      remote: {
        url: "https://inference.example.org:8000/prefix",
        format: "json",
        models: [`${"0a".repeat(32)}=digits/2`],
        ca: "/etc/assay/ca.pem",
        concurrency: 1,
        connectMs: 1,
        firstByteMs: 2,
        totalMs: 3,
        maxResponseBytes: 65_536,
        breakerFailures: 1,
        breakerDelayMs: 1,
        breakerMaxDelayMs: 1,
      },
    },
    blobs: { maxBytes: 67_108_864, unregistered: 0, unregisteredPerClient: 0, uploadExpiry: 1, retention: 0 },
    mempool: { maxTxs: 1, maxBytes: 1_048_576, ttl: 0 },
  };
  expect(parseConfig(given)).toEqual({ ok: true, config: given });
  // Nothing that the table has is missing above.
  expect(Object.keys(given)).toEqual(Object.keys(SETTINGS));
});

test.each<[unknown, string]>([
  [{ monicker: "x" }, 'monicker: there is no such setting (did you mean "moniker"?)'],
  [{ rpc: { prot: 1 } }, 'rpc.prot: there is no such setting (did you mean "port"?)'],
  [{ rpc: { qwertz: 1 } }, "rpc.qwertz: there is no such setting"],
  [{ rpc: 5 }, "rpc: must be an object"],
  [{ rpc: null }, "rpc: must be an object"],
  [{ rpc: { port: 65536 } }, "rpc.port: must be a whole number from 0 to 65535, not 65536"],
  [{ rpc: { port: "26657" } }, 'rpc.port: must be a whole number from 0 to 65535, not "26657"'],
  [{ rpc: { port: 1.5 } }, "rpc.port: must be a whole number"],
  [{ rpc: { host: "a b" } }, "rpc.host: must be a host name"],
  [{ moniker: "" }, "moniker: must be 1 to 64"],
  [{ moniker: "a\nb" }, "moniker: must be 1 to 64"],
  [{ log: { level: "loud" } }, 'log.level: must be one of debug, info, warn, error, silent, not "loud"'],
  [{ engine: { enabled: "yes" } }, 'engine.enabled: must be true or false, not "yes"'],
  [{ engine: { remote: { url: 5 } } }, "engine.remote.url: must be text"],
  [{ engine: { remote: { url: "file:///etc/passwd" } } }, "engine.remote.url: must be an http or https URL such as"],
  [{ engine: { remote: { url: "http://me:secret@host" } } }, "engine.remote.url: must have no name and password"],
  [{ engine: { remote: { models: ["digits"] } } }, 'engine.remote.models: holds "digits", but each must be one like'],
  [{ p2p: { peers: PEER } }, "p2p.peers: must be a list"],
  [{ p2p: { peers: [PEER, "/ip4/1.2.3.4/tcp/1"] } }, 'p2p.peers: holds "/ip4/1.2.3.4/tcp/1"'],
  [{ p2p: { peers: Array(257).fill(PEER) } }, "p2p.peers: must be a list of at most 256"],
  [{ p2p: { listen: "127.0.0.1:26656" } }, "p2p.listen: must be one like"],
  [{ p2p: { bootstrap: ["/ip4/1.2.3.4/tcp/1"] } }, 'p2p.bootstrap: holds "/ip4/1.2.3.4/tcp/1"'],
  [{ p2p: { outbound: 33 } }, "p2p.outbound: must be a whole number from 0 to 32"],
  [{ p2p: { privatePeers: [PEER] } }, "each must be a peer id like"],
  [{ p2p: { externalAddress: 5 } }, "p2p.externalAddress: must be text"],
  [{ p2p: { externalAddress: "nonsense" } }, "p2p.externalAddress: must be an IP address and port"],
  [{ p2p: { externalAddress: "/dns4/example.org/tcp/1" } }, "p2p.externalAddress: must be an IP address and port"],
  [{ p2p: { externalAddress: "/ip4/0.0.0.0/tcp/1" } }, "p2p.externalAddress: must be an address that others can dial"],
  [{ p2p: { externalAddress: "/ip6/::/tcp/1" } }, "0.0.0.0 and :: are only for p2p.listen"],
  [{ p2p: { externalAddress: "/ip4/192.0.2.1/tcp/0" } }, "p2p.externalAddress: must be an IP address and port"],
  [{ p2p: { private: true } }, "p2p.private: a private node knows only p2p.peers, which is empty: name its sentries"],
  [{ p2p: { private: true, peers: [PEER], bootstrap: [PEER] } }, "p2p.bootstrap: a private node asks nobody"],
  [
    { p2p: { private: true, peers: [PEER], externalAddress: "/ip4/192.0.2.1/tcp/1" } },
    "p2p.externalAddress: a private node tells its address to nobody: leave it empty",
  ],
  [{ mempool: { maxTxs: 0 } }, "mempool.maxTxs: must be a whole number from 1"],
  [{ check: 1 }, "check: there is no such setting"],
  [JSON.parse('{"__proto__": {"port": 1}}'), "__proto__: there is no such setting"],
  [[], "the settings must be a JSON object"],
  [null, "the settings must be a JSON object"],
])("refused: %j", (json, expected) => {
  const result = parseConfig(json);
  const errors = result.ok
    ? []
    : result.errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(expected);
});

test("all errors at once", () => {
  const result = parseConfig({ moniker: "", rpc: { port: -1 }, nothing: 1 });
  expect(result.ok ? [] : result.errors.map((error) => error.path)).toEqual(["nothing", "moniker", "rpc.port"]);
});

test("a configuration file is read back, and errors name the file", () => {
  const path = join(temporaryFolder(), "config.json");
  writeJson(path, { ...defaultConfig(), moniker: "read back" });
  expect(readConfig(path).moniker).toBe("read back");
  writeFileSync(path, '{"rpc": {"prot": 1}}');
  expect(() => readConfig(path)).toThrow(`configuration ${path}: rpc.prot: there is no such setting`);
  writeFileSync(path, "{");
  expect(() => readConfig(path)).toThrow(`${path} is not JSON`);
  expect(() => readConfig(`${path}.not`)).toThrow('does not exist: make a home with "assay init"');
  writeFileSync(path, " ".repeat(1_048_577));
  expect(() => readConfig(path)).toThrow("more than 1048576");
});
