import type { EngineProcessOptions, StartEngineProcess } from "../../node/engine/engine-process.ts";
import type { Command } from "../../node/engine/messages.ts";

/** A process that is a list of what it was told, driven by the test. */
export interface FakeProcess extends EngineProcessOptions {
  readonly commands: Command[];
  killed: string | undefined;
}

export function fakeProcesses(): { readonly start: StartEngineProcess; readonly processes: FakeProcess[] } {
  const processes: FakeProcess[] = [];
  const start: StartEngineProcess = (options) => {
    const fake: FakeProcess = { ...options, commands: [], killed: undefined };
    processes.push(fake);
    return {
      pid: undefined,
      send: (command) => void fake.commands.push(command),
      kill: (reason) => {
        fake.killed = reason;
        queueMicrotask(() => options.onEnd(`ended by SIGKILL: ${reason}`));
      },
    };
  };
  return { start, processes };
}
