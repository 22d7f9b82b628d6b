import { REFUSALS } from "../test/modules/refusals/all.ts";
import { fault, type Outcome, playRows, type Refusal } from "../test/modules/refusals/play.ts";

/** Addresses and other long strings, which say nothing to a reader. */
const SHORTENED: readonly (readonly [RegExp, string])[] = [
  [/[a-z]+valoper1[0-9a-z]{20,}/g, "⟨operator⟩"],
  [/[a-z]+1[02-9ac-hj-np-z]{30,}/g, "⟨address⟩"],
  [/\b[0-9a-f]{64,}\b/g, "⟨hex⟩"],
  [/[A-Za-z0-9+/]{43}=/g, "⟨key⟩"],
  [/(.)\1{40,}/g, "$1…"],
];
const shortened = (text: string): string =>
  SHORTENED.reduce((short, [pattern, name]) => short.replace(pattern, name), text);

type Row = (...cells: readonly string[]) => string;

function messageTable(row: Row, type: string, outcomes: readonly (readonly [Refusal, Outcome])[]): readonly string[] {
  return [
    "",
    `### ${type}`,
    "",
    row("what is wrong", "codespace", "code", "text", "costs"),
    row("---", "---", "---", "---", "---"),
    ...outcomes.map(([{ wrong, code }, { refused, charged }]) => {
      const [codespace = "", number = ""] = code.split("/");
      const costs = charged ? "the fee" : "nothing";
      return row(wrong, `\`${codespace}\``, number, shortened(refused?.text ?? ""), costs);
    }),
  ];
}

/**
 * The page that lists how every message is refused.
 * @param row makes one line of a table.
 * @param outcomes of all rows. Throws when one is not refused as it says.
 */
export function refusals(row: Row, outcomes: ReadonlyMap<Refusal, Outcome> = played()): string {
  const broken = [...outcomes].flatMap(([each, outcome]) => fault(each, outcome) ?? []);
  if (broken.length > 0) throw new Error(broken.join("\n"));
  const sections = Object.entries(REFUSALS).map(([module, rows]) => {
    const types = [...new Set(rows.map(({ type }) => type))];
    const ofType = (type: string) => [...outcomes].filter(([each]) => each.type === type && rows.includes(each));
    return ["", `## ${module}`, ...types.flatMap((type) => messageTable(row, type, ofType(type)))];
  });
  return [
    "# How each message is refused",
    "",
    "Made by `docs/generate.ts`, which sends every one of these in a signed transaction on a chain in memory and writes down what comes back.",
    "`test/modules/refusals.test.ts` fails when one is not refused, or otherwise, or when anything but the fee and the sequence has changed.",
    "",
    "What costs nothing is refused before it gets into a block: clients are told so at once. What costs the fee fails in a block; the log that",
    "clients see then begins with `failed to execute message; message index: 0: `. Of governance's messages, those that only a proposal that",
    "passed can carry are refused by its execution, which costs nothing either. Addresses, keys and hashes are shortened.",
    ...sections.flat(),
    "",
  ].join("\n");
}

let last: ReadonlyMap<Refusal, Outcome> | undefined;

/** PERF: some seconds, so once in a process. */
export function played(): ReadonlyMap<Refusal, Outcome> {
  last ??= playRows(Object.values(REFUSALS).flat());
  return last;
}
