import "../ssz-hasher.ts";
import { systemErrorCode } from "../user-error.ts";
import { COMMANDS } from "./commands.ts";
import { dispatch } from "./dispatch.ts";

/** How long open handles may keep the process after its command has ended. */
const LINGER_MS = 5000;
const LOOK_MS = 20;

/**
 * What may be left when a command has ended without anything being lost: a timer that some library forgot (libp2p leaves one of a
 * second), and the terminal. A socket, a file or a child process is none of these.
 */
const HARMLESS = new Set(["Timeout", "Immediate", "TTYWrap"]);

/** Control characters, which could drive a terminal: much of what is printed comes from strangers. */
const CONTROL = /[^\P{Cc}\n\t]/gu;

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => {
    if (systemErrorCode(error) !== "EPIPE") throw error;
    process.exit(0); // The reader (`| head`) has seen enough.
  });
}

const writeTo = (stream: NodeJS.WriteStream) => (text: string) => {
  stream.write(`${text.replaceAll(CONTROL, "\uFFFD")}\n`);
};

// The exit code is set, not forced, so that what was written is drained first.
process.exitCode = await dispatch(COMMANDS, process.argv.slice(2), {
  out: writeTo(process.stdout),
  err: writeTo(process.stderr),
});

const ended = performance.now();
setInterval(() => {
  const open = process.getActiveResourcesInfo().filter((resource) => !HARMLESS.has(resource));
  const drained = process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
  if (open.length === 0 && drained) process.exit();
  if (performance.now() - ended < LINGER_MS) return;
  process.stderr.write(`assay: ended by force, still open: ${open.join(", ")}\n`);
  process.exit();
}, LOOK_MS).unref();
