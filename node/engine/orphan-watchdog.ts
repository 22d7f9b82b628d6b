/**
 * A thread of the engine process that ends it when the node is gone, on systems where the kernel does not (confinement.ts): a model that
 * loops for ever keeps the main thread from ever seeing its pipe close.
 */
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}, 1000);
