/**
 * Source of a program that tries, one after the other, what code that has broken out of a model would try, and prints what came of each
 * as JSON: "allowed", or the code of the refusal. Run with `node -e`; its argument is a JSON `Targets`.
 */
export interface Targets {
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly socketPath: string;
  readonly writePath: string;
}

export const HOSTILE_WORKER = `
const { tcpPort, udpPort, socketPath, writePath } = JSON.parse(process.argv[1]);
const fs = require("node:fs");
const connect = (...target) => new Promise((resolve, reject) => {
  const socket = require("node:net").connect(...target);
  socket.on("connect", () => { socket.destroy(); resolve(); }).on("error", reject);
});
const attempts = {
  "connect to a TCP port of this machine": () => connect(tcpPort, "127.0.0.1"),
  "send a datagram to this machine": () => new Promise((resolve, reject) => {
    const socket = require("node:dgram").createSocket("udp4");
    socket.on("error", reject);
    socket.send("x", udpPort, "127.0.0.1", (error) => { socket.close(); if (error) reject(error); else resolve(); });
  }),
  "connect to a socket in the file system": () => connect(socketPath),
  "read /etc/passwd": () => fs.readFileSync("/etc/passwd"),
  "read the parent's environment": () => fs.readFileSync("/proc/" + process.ppid + "/environ"),
  "read the memory of the parent": () => fs.openSync("/proc/" + process.ppid + "/mem", "r"),
  "write a file": () => fs.writeFileSync(writePath, ""),
  "make a database": () => new (require("node:sqlite").DatabaseSync)(writePath).exec("create table t(x)"),
  "spawn a process": () => require("node:child_process").execFileSync(process.execPath, ["-v"]),
  "load an addon": () => process.dlopen({ exports: {} }, "/nowhere.node"),
  "read /etc/passwd in a thread with flags of its own": () => new Promise((resolve, reject) => {
    const { Worker } = require("node:worker_threads");
    new Worker("require('node:fs').readFileSync('/etc/passwd')", { eval: true, execArgv: [] })
      .on("error", reject).on("exit", (code) => { if (code === 0) resolve(); else reject(new Error("exit " + code)); });
  }),
  "read /etc/passwd through WASI": () => new (require("node:wasi").WASI)({ version: "preview1", preopens: { "/": "/" } }),
  "open an inspector": () => require("node:inspector").open(0),
  "make code of a string": () => new Function("return 1"),
  "use an internal binding": () => process.binding("spawn_sync"),
  "signal the parent": () => process.kill(process.ppid, 0),
};
(async () => {
  const outcomes = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt();
      outcomes[name] = "allowed";
    } catch (error) {
      outcomes[name] = error.code ?? error.name;
    }
  }
  console.log(JSON.stringify(outcomes));
  process.exit();
})();
`;
