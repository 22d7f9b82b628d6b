/** Runs a program in this process's place and resolves with its exit code; 128 + the number of a signal that ended it. */
export function handOver(node: string, args: readonly string[]): Promise<number>;
