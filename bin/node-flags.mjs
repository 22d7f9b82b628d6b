/**
 * What a long-running node is started with. V8 by itself takes a young generation of 128 MiB and lets the old one double before it
 * collects; here that saves no time (docs/performance.md) and makes up a third of a node's memory.
 * @type {readonly string[]}
 */
export const NODE_FLAGS = ["--max-semi-space-size=8", "--heap-growing-percent=20"];
