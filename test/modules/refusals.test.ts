import { glob } from "node:fs/promises";
import { join } from "node:path";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { expect, test } from "vitest";
import { createContext } from "../../chain/executor/context.ts";
import { played } from "../../docs/refusals.ts";
import { mint } from "../../modules/bank/keeper.ts";
import type { ErrorDoc } from "../../modules/error-table.ts";
import { modules } from "../../modules/registry.ts";
import { accountOf, addressOf, BLS, SPEC } from "./network.ts";
import { REFUSALS, UNREACHED } from "./refusals/all.ts";
import { coin, rowsOf } from "./refusals/inputs.ts";
import { fault, play, type Refusal } from "./refusals/play.ts";
import { createWorld } from "./refusals/world.ts";

const ROOT = join(import.meta.dirname, "../..");
const rows = Object.values(REFUSALS).flat();
const TYPES = modules.flatMap(({ messages }) => messages.map(({ typeUrl }) => typeUrl));

/** The messages that no row is about. */
const missing = (types: readonly string[], listed: readonly Refusal[]): readonly string[] =>
  types.filter((type) => !listed.some((row) => row.type === type));

/** The errors of all modules' own tables, as `<codespace>/<code>`. */
async function declared(): Promise<readonly string[]> {
  const codes: string[] = [];
  for await (const path of glob("modules/*/errors.ts", { cwd: ROOT })) {
    const { errors } = (await import(join(ROOT, path))) as { errors: readonly ErrorDoc[] };
    codes.push(...errors.map(({ codespace, code }) => `${codespace}/${code}`));
  }
  return codes;
}

/** Errors that neither a row reaches nor the list of exceptions has, and exceptions that are none. */
function unreached(codes: readonly string[], listed: readonly Refusal[], except: readonly string[]): readonly string[] {
  const reached = new Set(listed.map(({ code }) => code));
  return [
    ...codes.filter((code) => !reached.has(code) && !except.includes(code)),
    ...except.filter((code) => reached.has(code) || !codes.includes(code)),
  ];
}

test("every row is refused as it says, and changes nothing but the fee and the sequence", () => {
  const outcomes = played();
  expect(outcomes.size).toBe(rows.length);
  expect([...outcomes].flatMap(([row, outcome]) => fault(row, outcome) ?? [])).toEqual([]);
});

test("no message has two rows of one name", () => {
  const names = rows.map(({ type, wrong }) => `${type}, ${wrong}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("every message has rows", () => {
  expect(missing(TYPES, rows)).toEqual([]);
  expect(rows.filter(({ type }) => !TYPES.includes(type))).toEqual([]);
});

test("every error of every module is reached, or is listed with a reason", async () => {
  expect(unreached(await declared(), rows, Object.keys(UNREACHED))).toEqual([]);
});

const send = rowsOf(MsgSend, { fromAddress: accountOf("ann"), toAddress: accountOf("ben"), amount: [coin(1n)] });

test("a row that is not refused is found", () => {
  const row = send("nothing", "sdk/5");
  const outcome = play(createWorld(), row);
  expect(outcome).toMatchObject({ refused: undefined, charged: true });
  expect(fault(row, outcome)).toBe("/cosmos.bank.v1beta1.MsgSend, nothing: not refused");
});

test("a row with another code is found", () => {
  const row = send("no coins", "sdk/5", { amount: [] });
  expect(fault(row, play(createWorld(), row))).toContain("sdk/10 (no coins were named: invalid coins), expected sdk/5");
});

test.each([
  ["before the block", send("no coins", "sdk/10", { amount: [] })],
  ["in the block", send("too much", "sdk/5", { amount: [coin(10n ** 30n)] })],
])("a change by what is refused %s is found", (_, row) => {
  const world = createWorld();
  expect(fault(row, play(world, row))).toBeUndefined();
  const outcome = play(world, row, (store) =>
    mint(createContext(world.info(), store, BLS), addressOf("ben"), [{ denom: SPEC.denom, amount: 1n }]),
  );
  expect(outcome.changed.length).toBe(2);
  expect(fault(row, outcome)).toContain(": changes ");
});

test("a message without rows and an error without rows are found", async () => {
  expect(missing([...TYPES, "/assay.new.v1.MsgNew"], rows)).toEqual(["/assay.new.v1.MsgNew"]);
  const except = Object.keys(UNREACHED);
  expect(unreached([...(await declared()), "bank/99"], rows, except)).toEqual(["bank/99"]);
  expect(unreached(await declared(), rows, [...except, "bank/2", "bank/98"])).toEqual(["bank/2", "bank/98"]);
});
