import { readFileSync, statSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fromHex, toHex } from "../../../chain/bytes.ts";
import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import { didYouMean } from "../../../genesis/nearest.ts";
import { type AccountSecret, accountPath, newMnemonic } from "../../keys/account-key.ts";
import { armour, openArmour, readArmour } from "../../keys/armour.ts";
import { naming } from "../../keys/file-backend.ts";
import { backendName, type Keyring, type PublicAccount } from "../../keys/keyring.ts";
import { systemErrorCode, UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Command, Io } from "../command.ts";
import { chosenKeyring, KEYRING_OPTIONS, KEYRING_USAGE } from "../keyring-options.ts";
import { confirmed, type Prompt, passphrasesFrom, terminalPrompt } from "../prompt.ts";

/** More than the longest mnemonic or armoured key. */
const MAX_FILE = 16_384;

interface Ask {
  readonly keyring: Keyring;
  readonly prompt: Prompt;
  readonly io: Io;
  readonly name: string;
  /** The second argument: a new name, or a file. */
  readonly second: string;
  readonly values: {
    readonly prefix: string;
    readonly address: boolean;
    readonly operator: boolean;
    readonly recover: boolean;
    readonly unsafe: boolean;
    readonly yes: boolean;
    readonly "hd-path": string;
    readonly "armour-passphrase-file"?: string | undefined;
  };
}

interface Action {
  /** What stands behind the action in its usage line. */
  readonly usage: string;
  /** How many arguments it takes at least and at most. */
  readonly least: number;
  readonly most: number;
  run(ask: Ask): Promise<void>;
}

function describe(account: PublicAccount, { prefix, address, operator }: Ask["values"]): string {
  const text = encodeAddress(operator ? `${prefix}valoper` : prefix, account.address);
  if (address || operator) return text;
  return `${account.name.padEnd(12)} ${text}  ${Buffer.from(account.publicKey).toString("base64")}`;
}

async function showNew({ keyring, io, name, values }: Ask): Promise<void> {
  io.out(describe(await keyring.show(name), values));
  if (keyring.backend === "test") {
    io.err(`The key is not encrypted: whoever can read ${keyring.folder} has it (--keyring-backend file encrypts).`);
  }
}

/** All of standard input, or at a terminal one line that is not echoed. */
async function secretInput(question: string, prompt: Prompt): Promise<string> {
  const given = prompt.isTerminal ? ((await prompt.ask(question, true)) ?? "") : await text(process.stdin);
  return given.trim();
}

async function add(ask: Ask): Promise<void> {
  const { keyring, prompt, io, name, values } = ask;
  const path = values["hd-path"];
  const words = values.recover ? await secretInput("Mnemonic: ", prompt) : newMnemonic();
  const mnemonic = words.split(/\s+/).join(" ");
  await keyring.add(name, { mnemonic, path });
  await showNew(ask);
  if (!values.recover) io.err(`Write these words down, they are the account:\n${mnemonic}`);
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE) throw new UserError(`${path} has ${size} bytes, more than ${MAX_FILE}: not a key`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} can't be read (${systemErrorCode(error) ?? String(error)})`, { cause: error });
  }
}

async function importKey(ask: Ask): Promise<void> {
  const { keyring, prompt, name, second, values } = ask;
  let secret: AccountSecret;
  if (values.unsafe) {
    if (second !== "") throw new UserError("keys import --unsafe reads the private key from standard input");
    const hex = (await secretInput("Private key, 64 hex digits: ", prompt)).toLowerCase();
    if (!/^[0-9a-f]{64}$/.test(hex)) throw new UserError("a private key is 64 hex digits");
    secret = { privateKey: fromHex(hex) };
  } else {
    if (second === "") throw new UserError("keys import: a file that keys export wrote is missing");
    const sealed = await naming(second, () => readArmour(readText(second)));
    const passphrase = await passphrasesFrom(values["armour-passphrase-file"], prompt).known(second);
    secret = await naming(second, () => openArmour(sealed, passphrase));
  }
  await keyring.add(name, secret);
  await showNew(ask);
}

async function exportKey({ keyring, prompt, io, name, values }: Ask): Promise<void> {
  const { privateKey, publicKey } = await keyring.load(name);
  if (values.unsafe) {
    io.out(toHex(privateKey));
    return;
  }
  const secret = await keyring.secret(name);
  const passphrase = await passphrasesFrom(values["armour-passphrase-file"], prompt).fresh("the exported key");
  io.out(await armour(secret, publicKey, passphrase));
}

async function mnemonic({ keyring, io, name, values }: Ask): Promise<void> {
  if (name === "") {
    io.out(newMnemonic());
    return;
  }
  if (!values.unsafe)
    throw new UserError(`keys mnemonic ${name} shows the account's secret: --unsafe says that you mean it`);
  const secret = await keyring.secret(name);
  if (!("mnemonic" in secret)) throw new UserError(`"${name}" was imported as a private key and has no words`);
  io.out(secret.mnemonic);
  if (secret.path !== accountPath(0)) io.err(`HD path ${secret.path}`);
}

async function remove({ keyring, prompt, io, name, values }: Ask): Promise<void> {
  const account = await keyring.show(name);
  const question = `Delete "${name}", ${encodeAddress(values.prefix, account.address)}, for ever?`;
  if (!values.yes && !(await confirmed(question, prompt))) throw new UserError("nothing was deleted");
  await keyring.remove(name);
  io.out(`deleted ${name}`);
}

const ACTIONS: Readonly<Record<string, Action>> = {
  add: { usage: "<name> [--recover] [--hd-path m/44'/118'/0'/0/0]", least: 1, most: 1, run: add },
  list: {
    usage: "",
    least: 0,
    most: 0,
    async run({ keyring, io, values }) {
      for (const name of keyring.names()) io.out(describe(await keyring.show(name), values));
    },
  },
  show: {
    usage: "<name> [--address] [--operator] [--prefix assay]",
    least: 1,
    most: 1,
    async run({ keyring, io, name, values }) {
      io.out(describe(await keyring.show(name), values));
    },
  },
  delete: { usage: "<name> [--yes]", least: 1, most: 1, run: remove },
  rename: {
    usage: "<name> <new name>",
    least: 2,
    most: 2,
    async run({ keyring, io, name, second }) {
      keyring.rename(name, second);
      io.out(`${name} is called ${second}`);
    },
  },
  import: {
    usage: "<name> [armoured file] [--armour-passphrase-file file] [--unsafe]",
    least: 1,
    most: 2,
    run: importKey,
  },
  export: { usage: "<name> [--armour-passphrase-file file] [--unsafe]", least: 1, most: 1, run: exportKey },
  mnemonic: { usage: "[name] [--unsafe]", least: 0, most: 1, run: mnemonic },
};

const NAMES = Object.keys(ACTIONS);

export const keys: Command = {
  name: "keys",
  summary: "makes, lists, shows, imports and exports accounts of a keyring",
  usage: NAMES.map((name) => `keys ${name} ${ACTIONS[name]?.usage} ${KEYRING_USAGE}`.replace(/ +/g, " ")).join("\n"),
  async run(args, io) {
    const { values, positionals } = parseArguments(
      keys,
      args,
      {
        ...KEYRING_OPTIONS,
        prefix: { type: "string", default: "assay" },
        address: { type: "boolean", default: false },
        operator: { type: "boolean", default: false },
        recover: { type: "boolean", default: false },
        unsafe: { type: "boolean", default: false },
        yes: { type: "boolean", default: false },
        "hd-path": { type: "string", default: accountPath(0) },
        "armour-passphrase-file": { type: "string" },
      },
      [NAMES.join(", "), "name?", "file or new name?"],
    );
    const [what = "", name = "", second = ""] = positionals;
    const action = Object.hasOwn(ACTIONS, what) ? ACTIONS[what] : undefined;
    if (action === undefined)
      throw new UserError(`keys: "${what}" is none of ${NAMES.join(", ")}${didYouMean(what, NAMES)}`);
    backendName(values["keyring-backend"]);
    const given = positionals.length - 1;
    if (given < action.least) throw new UserError(`keys ${what}: a ${given === 0 ? "name" : "new name"} is missing`);
    if (given > action.most)
      throw new UserError(`keys ${what}: too many arguments, from "${positionals[action.most + 1]}" on`);
    const prompt = terminalPrompt();
    await action.run({ keyring: chosenKeyring(values, prompt), prompt, io, name, second, values });
    return 0;
  },
};
