import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { integerOption, parseArguments } from "../../node/cli/arguments.ts";
import type { Command, CommandTable } from "../../node/cli/command.ts";
import { dispatch, version } from "../../node/cli/dispatch.ts";
import { DEVELOPMENT_MNEMONIC } from "../../node/keys/account-key.ts";
import { loadIdentityKey, loadNodeKey, loadVoteKey } from "../../node/keys/node-keys.ts";
import { UserError } from "../../node/user-error.ts";
import { runNode } from "./child.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");

async function assay(args: readonly string[], input?: string): Promise<{ code: number | string; output: string }> {
  const child = runNode([MAIN, ...args], input === undefined ? {} : { input });
  return { code: await child.ended, output: child.output() };
}

function command(run: Command["run"]): CommandTable {
  return { probe: async () => ({ name: "probe", summary: "a probe", usage: "probe [--x n]\nprobe list", run }) };
}

async function dispatched(table: CommandTable, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const io = { out: (text: string) => void out.push(`${text}\n`), err: (text: string) => void err.push(`${text}\n`) };
  return { code: await dispatch(table, args, io), out: out.join(""), err: err.join("") };
}

test("a command's exit code and output are passed on, with its arguments", async () => {
  const table = command(async (args, io) => {
    io.out(args.join(" "));
    return 7;
  });
  expect(await dispatched(table, "probe", "--x", "1")).toEqual({ code: 7, out: "--x 1\n", err: "" });
});

test("a mistake of the user's is one line, a bug a stack", async () => {
  const mistaken = command(async () => {
    throw new UserError("the port 1 is in use");
  });
  expect(await dispatched(mistaken, "probe")).toEqual({ code: 1, out: "", err: "assay: the port 1 is in use\n" });
  const broken = command(async () => {
    throw new TypeError("x is undefined");
  });
  const { code, err } = await dispatched(broken, "probe");
  expect(code).toBe(70);
  expect(err).toMatch(/^assay: this is a bug: TypeError: x is undefined\n {4}at /);
});

test("an unknown command suggests the nearest", async () => {
  const table = command(async () => 0);
  expect((await dispatched(table, "porbe")).err).toBe(
    'assay: unknown command "porbe" (did you mean "probe"?); "assay help" lists all\n',
  );
  expect((await dispatched(table, "toString")).err).toContain('unknown command "toString"');
});

test("help lists commands, and explains one", async () => {
  const table = command(async () => 0);
  expect((await dispatched(table)).out).toContain("probe      a probe");
  const explained = "a probe\nusage: assay probe [--x n]\n       assay probe list\n";
  expect((await dispatched(table, "help", "probe")).out).toBe(explained);
  expect((await dispatched(table, "probe", "--help")).out).toBe(explained);
  expect((await dispatched(table, "--version")).out).toBe(`${version()}\n`);
});

const parse = (...args: string[]) =>
  parseArguments({ name: "probe" }, args, { fresh: { type: "boolean", default: false }, dir: { type: "string" } }, [
    "what",
    "more?",
  ]);

test("arguments are parsed, and mistakes in them named", () => {
  expect(parse("a", "--fresh", "--dir=x")).toEqual({
    values: { __proto__: null, fresh: true, dir: "x" },
    positionals: ["a"],
  });
  expect(() => parse("a", "--frsh")).toThrow('probe: unknown option --frsh (did you mean "--fresh"?)');
  expect(() => parse("a", "-x")).toThrow("probe: unknown option -x");
  expect(() => parse("a", "--dir")).toThrow(/^probe: Option '--dir <value>' argument missing$/);
  expect(() => parse("a", "--fresh=1")).toThrow("probe: Option '--fresh' does not take an argument");
  expect(() => parse()).toThrow("probe: what is missing; see assay help probe");
  expect(() => parse("a", "b", "c")).toThrow('probe: too many arguments, from "c" on');
});

test.each(["", "-1", "1.5", "1e3", "0x10", "31", "9".repeat(30), "five"])(
  "the option's value %j is refused",
  (value) => {
    expect(() => integerOption("n", value, 0, 30)).toThrow("--n must be a whole number from 0 to 30");
    expect(integerOption("n", "30", 0, 30)).toBe(30);
  },
);

test("the program answers version, help and mistakes with the right code", async () => {
  const [shown, helped, unknown] = await Promise.all([assay(["version"]), assay([]), assay(["strat"])]);
  expect(shown).toEqual({ code: 0, output: `${version()}\n` });
  expect(helped.code).toBe(0);
  for (const name of ["init", "start", "localnet", "keys"])
    expect(helped.output).toMatch(new RegExp(`^ {2}${name} +\\w`, "m"));
  expect(unknown).toEqual({
    code: 1,
    output: 'assay: unknown command "strat" (did you mean "start"?); "assay help" lists all\n',
  });
});

test("init makes a home once, which start then needs a genesis for", async () => {
  const home = join(temporaryFolder(), "home");
  const made = await assay(["init", "--home", home, "--moniker", "mine"]);
  expect(made.output).toMatch(/peer id +12D3KooW/);
  expect(made.output).toMatch(/consensus address +[0-9A-F]{40}\n/);
  expect(made.code).toBe(0);
  loadNodeKey(join(home, "keys/node.json"));
  loadIdentityKey(join(home, "keys/identity.json"));
  loadVoteKey(join(home, "keys/vote.json"));
  expect(JSON.parse(readFileSync(join(home, "config.json"), "utf8"))).toMatchObject({ moniker: "mine" });
  const again = await assay(["init", "--home", home]);
  expect(again).toEqual({ code: 1, output: `assay: ${home} is a node's home already: choose another with --home\n` });
  const elsewhere = join(home, "not");
  const bad = await assay(["init", "--home", elsewhere, "--genesis", join(home, "config.json")]);
  expect(bad.code).toBe(1);
  expect(bad.output).toContain("chainId: is missing");
  expect(existsSync(elsewhere)).toBe(false);
});

test("start says what it needs", async () => {
  const { code, output } = await assay(["start", "--home", "/nowhere"]);
  expect(code).toBe(1);
  expect(output).toBe('assay: configuration /nowhere/config.json does not exist: make a home with "assay init"\n');
});

test("keys are added, recovered, shown and listed", async () => {
  const home = temporaryFolder();
  const keyring = ["--home", home, "--keyring-backend", "test"];
  const [added, recovered] = await Promise.all([
    assay(["keys", "add", "alice", ...keyring]),
    assay(["keys", "add", "bob", "--recover", ...keyring], `${DEVELOPMENT_MNEMONIC.replace(" ", "\n  ")}\n`),
  ]);
  expect(added.output).toMatch(/^alice +assay1[a-z0-9]{38} /);
  expect(added.output).toMatch(/Write these words down, they are the account:\n(\w+ ){23}\w+\n/);
  expect(recovered.output).toMatch(/^bob +assay15yk64u7zc9g9k2yr2wmzeva5qgwxps6y6kakhv {2}\S+\n/);
  const [listed, dev0, missing] = await Promise.all([
    assay(["keys", "list", ...keyring]),
    assay(["keys", "show", "dev0", "--home", home, "--prefix", "cosmos"]),
    assay(["keys", "show", "bop", ...keyring]),
  ]);
  expect(listed.output).toMatch(/^alice .*\nbob .*\n$/);
  expect(dev0.output).toContain("cosmos15yk64u7zc9g9k2yr2wmzeva5qgwxps6yxj00e7");
  expect(missing).toEqual({
    code: 1,
    output: `assay: there is no key "bop" in ${join(home, "keyring")} (did you mean "bob"?)\n`,
  });
});
