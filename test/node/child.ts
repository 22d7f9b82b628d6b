import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { createServer } from "node:net";
import { onTestFinished } from "vitest";

/** A program under test: what it wrote so far, and how it ended. */
export interface Child {
  readonly process: ChildProcess;
  output(): string;
  /** Waits until the output holds this text. Fails when the program ends without it. */
  until(text: string): Promise<void>;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

export interface ChildOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** With an IPC channel to this process, as the nodes of a local network have. */
  readonly ipc?: boolean;
}

/** Runs this very Node with these arguments; killed at the end of the test if it still runs. */
export function runNode(args: readonly string[], options: ChildOptions = {}): Child {
  const stdio: StdioOptions = options.ipc === true ? ["pipe", "pipe", "pipe", "ipc"] : "pipe";
  const child = spawn(process.execPath, args, { stdio, env: { ...process.env, ...options.env } });
  let output = "";
  const listeners = new Set<() => void>();
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  child.stdin?.end(options.input ?? "");
  const ended = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? code ?? 1));
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    process: child,
    output: () => output,
    ended,
    until(text) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (!output.includes(text)) return;
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
        check();
        void ended.then(() => {
          if (!output.includes(text)) reject(new Error(`ended without "${text}":\n${output}`));
        });
      });
    },
  };
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      return new Promise<ReturnType<typeof createServer>>((resolve) => {
        const server = createServer();
        server.listen(0, "127.0.0.1", () => resolve(server));
      });
    }),
  );
  return Promise.all(
    servers.map((server) => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      return new Promise<number>((resolve) => server.close(() => resolve(port)));
    }),
  );
}
