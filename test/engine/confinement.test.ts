import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Confinement, type Probe, probeConfinement, UNCONFINED } from "../../node/engine/confinement.ts";
import { startEngineProcess } from "../../node/engine/engine-process.ts";
import { confinement, sandboxFlags } from "../../node/engine/sandbox.ts";
import { HOSTILE_WORKER, type Targets } from "./hostile-worker.ts";

const DENIED = "ERR_ACCESS_DENIED";

const folder = mkdtempSync(join(tmpdir(), "assay-confinement-"));
const socketPath = join(folder, "socket");
const writePath = join(folder, "written");
const connections = vi.fn();
const datagrams = vi.fn();
const tcp = createServer(connections);
const local = createServer((socket) => socket.end());
const udp = createSocket("udp4", datagrams);

beforeAll(async () => {
  udp.bind(0, "127.0.0.1");
  tcp.listen(0, "127.0.0.1");
  local.listen(socketPath);
  await Promise.all([once(udp, "listening"), once(tcp, "listening"), once(local, "listening")]);
});
afterAll(() => {
  for (const server of [tcp, local, udp]) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the hostile program as an engine process is run. */
async function attack(under: Confinement): Promise<Record<string, string>> {
  connections.mockClear();
  datagrams.mockClear();
  const { port: tcpPort } = tcp.address() as { port: number };
  const targets: Targets = { tcpPort, udpPort: udp.address().port, socketPath, writePath };
  const command = [process.execPath, ...sandboxFlags(under), "-e", HOSTILE_WORKER, JSON.stringify(targets)];
  const [program = "", ...args] = [...under.wrapper, ...command];
  const child = spawn(program, args, { env: {}, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  await once(child, "close");
  return JSON.parse(text) as Record<string, string>;
}

const ALWAYS = {
  "read /etc/passwd": DENIED,
  "read the parent's environment": DENIED,
  "read the memory of the parent": DENIED,
  "write a file": DENIED,
  "make a database": "ERR_UNKNOWN_BUILTIN_MODULE",
  "spawn a process": DENIED,
  "load an addon": "ERR_DLOPEN_DISABLED",
  "read /etc/passwd through WASI": DENIED,
  "open an inspector": DENIED,
  "make code of a string": "EvalError",
  "use an internal binding": DENIED,
  // Neither Node nor a namespace of the network takes these two away.
  "connect to a socket in the file system": "allowed",
  "signal the parent": "allowed",
};

test.skipIf(process.platform === "win32")("what code that broke out can do under Node's flags alone", async () => {
  expect(await attack(UNCONFINED)).toEqual({
    ...ALWAYS,
    "connect to a TCP port of this machine": "allowed",
    "send a datagram to this machine": "allowed",
    "read /etc/passwd in a thread with flags of its own": "allowed",
  });
  expect(existsSync(writePath)).toBe(false);
  expect(connections).toHaveBeenCalledTimes(1);
  await vi.waitFor(() => expect(datagrams).toHaveBeenCalledTimes(1));
});

const here = confinement();
const isolated = here.networkIsolated && here.diesWithParent;

test.runIf(isolated)("what it can do where the system has namespaces and setpriv (else skipped)", async () => {
  expect(await attack(here)).toEqual({
    ...ALWAYS,
    "connect to a TCP port of this machine": "ENETUNREACH",
    "send a datagram to this machine": "ENETUNREACH",
    "read /etc/passwd in a thread with flags of its own": DENIED,
  });
  expect(connections).not.toHaveBeenCalled();
  expect(datagrams).not.toHaveBeenCalled();
});

test.runIf(isolated)(
  "the process that is killed is the engine itself, in another namespace than the node",
  async () => {
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<string>();
    const engine = startEngineProcess({ memoryMiB: 64, onReply: () => ready.resolve(), onEnd: ended.resolve });
    await ready.promise;
    expect(readlinkSync(`/proc/${engine.pid}/exe`)).toBe(readlinkSync("/proc/self/exe"));
    expect(readlinkSync(`/proc/${engine.pid}/ns/net`)).not.toBe(readlinkSync("/proc/self/ns/net"));
    engine.kill("enough");
    expect(await ended.promise).toBe("ended by SIGKILL: enough");
    expect(existsSync(`/proc/${engine.pid}`)).toBe(false);
  },
);

const SETPRIV = ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"];

/** A system on which some programs work; `unshare` gives the namespace `there`. */
function system(works: (command: string) => boolean, there = "net:[2]"): { probe: Probe; tried: string[] } {
  const tried: string[] = [];
  const probe: Probe = (command) => {
    const text = command.join(" ");
    tried.push(text);
    return works(text) ? (text.includes("unshare") ? there : "") : undefined;
  };
  return { probe, tried };
}

test.each([
  ["everything works", () => true, ["unshare", "--user", "--net", "--map-user=65534", "--map-group=65534", ...SETPRIV]],
  [
    "users can't be mapped",
    (c: string) => !c.includes("--map-user"),
    ["unshare", "--user", "--net", "--map-root-user", ...SETPRIV],
  ],
  ["users have no namespaces", (c: string) => !c.includes("--user"), ["unshare", "--net", ...SETPRIV]],
  [
    "there is no setpriv",
    (c: string) => !c.includes("setpriv"),
    ["unshare", "--user", "--net", "--map-user=65534", "--map-group=65534"],
  ],
  ["there is no unshare", (c: string) => !c.includes("unshare"), SETPRIV],
  ["nothing works", () => false, []],
])("where %s, the best of the ways that work is taken", (_name, works, wrapper) => {
  const found = probeConfinement(["/file"], system(works).probe, "net:[1]");
  expect(found).toEqual({
    wrapper,
    networkIsolated: wrapper.includes("unshare"),
    diesWithParent: wrapper.includes("setpriv"),
  });
});

test("a namespace that is this process's own is none", () => {
  const { probe } = system(() => true, "net:[1]");
  expect(probeConfinement([], probe, "net:[1]").networkIsolated).toBe(false);
});

test("a system without namespaces is not probed", () => {
  const { probe, tried } = system(() => true);
  expect(probeConfinement([], probe, "")).toEqual(UNCONFINED);
  expect(tried).toEqual([]);
});

test.runIf(here.networkIsolated)("a namespace in which the engine can not be read is not taken", () => {
  expect(probeConfinement([process.execPath]).networkIsolated).toBe(true);
  expect(probeConfinement([process.execPath, join(folder, "nothing here")]).networkIsolated).toBe(false);
});
