/**
 * What a long-running node is started with. V8 by itself takes a young generation of 128 MiB and lets the old one double before it
 * collects: a third of a node's memory, and under a full load no faster than this. Half of this costs a quarter more processor time
 * (docs/performance.md). SIGUSR1 would open Node's inspector, and with it everything that is in the process, to whoever is on the machine.
 * @type {readonly string[]}
 */
export const NODE_FLAGS = ["--max-semi-space-size=16", "--heap-growing-percent=50", "--disable-sigusr1"];
