import { spawn } from "node:child_process";
import { systemErrorCode, UserError } from "../user-error.ts";

/** The operating system's keyring. Secrets are lines of hexadecimal and never stand among a process's arguments. */
export interface SystemKeyring {
  store(id: string, hex: string): Promise<void>;
  /** @throws UserError when it holds none under that id, or is locked. */
  lookup(id: string): Promise<string>;
  remove(id: string): Promise<void>;
}

const SERVICE = "assay";
const MAX_OUTPUT = 65_536;
const REMEDY = "use --keyring-backend file, which encrypts with a passphrase";

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program with a text on its standard input; what it writes to standard error is the system's and goes to ours. */
function run(program: string, args: readonly string[], input: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output.length <= MAX_OUTPUT) output += text;
    });
    child.once("error", (error) => {
      const missing = systemErrorCode(error) === "ENOENT";
      reject(missing ? new UserError(`there is no ${program} here: ${INSTALL[program] ?? ""}${REMEDY}`) : error);
    });
    // One that ends without reading is seen by its exit code.
    child.stdin.on("error", () => undefined);
    child.once("close", (code) => resolve({ code, output }));
    child.stdin.end(input);
  });
}

const INSTALL: Readonly<Record<string, string>> = {
  "secret-tool": "install libsecret's tools (Debian: apt install libsecret-tools), or ",
};

async function expectDone(what: string, ending: Promise<Ended>): Promise<string> {
  const { code, output } = await ending;
  if (code !== 0) throw new UserError(`the system's keyring could not ${what} (exit code ${code}): is it unlocked?`);
  return output.trim();
}

/** libsecret, through its command line: secrets go in by standard input and come out by standard output. */
const libsecret: SystemKeyring = {
  async store(id, hex) {
    const args = ["store", `--label=Assay account ${id}`, "service", SERVICE, "account", id];
    await expectDone("store the key", run("secret-tool", args, hex));
  },
  lookup: (id) => expectDone("find the key", run("secret-tool", ["lookup", "service", SERVICE, "account", id], "")),
  async remove(id) {
    await expectDone("remove the key", run("secret-tool", ["clear", "service", SERVICE, "account", id], ""));
  },
};

/** macOS. `security -i` reads the command that holds the secret from standard input. */
const keychain: SystemKeyring = {
  async store(id, hex) {
    const line = `add-generic-password -a ${id} -s ${SERVICE} -w ${hex}\n`;
    await expectDone("store the key", run("security", ["-i"], line));
  },
  lookup: (id) =>
    expectDone("find the key", run("security", ["find-generic-password", "-a", id, "-s", SERVICE, "-w"], "")),
  async remove(id) {
    await expectDone("remove the key", run("security", ["delete-generic-password", "-a", id, "-s", SERVICE], ""));
  },
};

/** @throws UserError in one line, with the remedy, where the system has none that can be used. */
export function systemKeyring(platform: NodeJS.Platform = process.platform): SystemKeyring {
  if (platform === "linux" || platform === "freebsd") return libsecret;
  if (platform === "darwin") return keychain;
  throw new UserError(`this system (${platform}) has no keyring that assay can use: ${REMEDY}`);
}
