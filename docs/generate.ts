import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SDK_ERRORS } from "../chain/errors.ts";
import { parameterTable } from "../genesis/parameters.ts";
import { PRESETS } from "../genesis/presets.ts";
import { eventTypes as authEvents } from "../modules/auth/events.ts";
import { errors as authzErrors } from "../modules/authz/errors.ts";
import { eventTypes as authzEvents } from "../modules/authz/events.ts";
import { errors as bankErrors } from "../modules/bank/errors.ts";
import { eventTypes as bankEvents } from "../modules/bank/events.ts";
import { errors as distributionErrors } from "../modules/distribution/errors.ts";
import { eventTypes as distributionEvents } from "../modules/distribution/events.ts";
import type { ErrorDoc, EventDoc } from "../modules/error-table.ts";
import { errors as feegrantErrors } from "../modules/feegrant/errors.ts";
import { eventTypes as feegrantEvents } from "../modules/feegrant/events.ts";
import { eventTypes as feemarketEvents } from "../modules/feemarket/events.ts";
import { errors as govErrors } from "../modules/gov/errors.ts";
import { eventTypes as govEvents } from "../modules/gov/events.ts";
import { errors as inferenceErrors } from "../modules/inference/errors.ts";
import { eventTypes as inferenceEvents } from "../modules/inference/events.ts";
import { eventTypes as mintEvents } from "../modules/mint/events.ts";
import { errors as paramsErrors } from "../modules/params/errors.ts";
import { eventTypes as paramsEvents } from "../modules/params/events.ts";
import { modules } from "../modules/registry.ts";
import { errors as slashingErrors } from "../modules/slashing/errors.ts";
import { eventTypes as slashingEvents } from "../modules/slashing/events.ts";
import { errors as stakingErrors } from "../modules/staking/errors.ts";
import { eventTypes as stakingEvents } from "../modules/staking/events.ts";
import { eventTypes as upgradeEvents } from "../modules/upgrade/events.ts";
import { BLOB_REFUSALS } from "../node/blobs/refusals.ts";
import { SETTINGS } from "../node/config.ts";
import { consensusLines } from "./consensus-lines.ts";
import { mutation } from "./mutation.ts";
import { refusals } from "./refusals.ts";

/**
 * Writes the reference pages that are made from tables in the code: `node docs/generate.ts` from the root, with Node 24 or newer.
 * test/docs/generated.test.ts compares them.
 */

const sdkErrors: readonly ErrorDoc[] = Object.values(SDK_ERRORS).map(([code, text]) => ({
  codespace: "sdk",
  code,
  text,
}));
const ERRORS = [
  ...sdkErrors,
  ...bankErrors,
  ...stakingErrors,
  ...authzErrors,
  ...feegrantErrors,
  ...distributionErrors,
  ...slashingErrors,
  ...govErrors,
  ...paramsErrors,
  ...inferenceErrors,
];
const EVENTS: readonly (readonly [module: string, events: readonly EventDoc[]])[] = [
  ["auth", authEvents],
  ["bank", bankEvents],
  ["mint", mintEvents],
  ["staking", stakingEvents],
  ["authz", authzEvents],
  ["feegrant", feegrantEvents],
  ["distribution", distributionEvents],
  ["slashing", slashingEvents],
  ["feemarket", feemarketEvents],
  ["gov", govEvents],
  ["upgrade", upgradeEvents],
  ["params", paramsEvents],
  ["inference", inferenceEvents],
];

const cell = (text: string): string => text.replaceAll("|", "\\|");

function row(...cells: readonly string[]): string {
  return `| ${cells.map(cell).join(" | ")} |`;
}

function errorsAndEvents(): string {
  return [
    "# Errors and events",
    "",
    "Made from the modules' own tables by `docs/generate.ts`.",
    "",
    "## Errors",
    "",
    "A transaction that fails carries a codespace, a code and a log that ends in the code's text. Codes of `sdk` mean what they mean",
    "in the Cosmos SDK. A transaction that is refused before it gets into a block (its check) costs nothing; one that fails in a",
    "block costs its fee.",
    "",
    row("codespace", "code", "text"),
    row("---", "---", "---"),
    ...ERRORS.map(({ codespace, code, text }) => row(`\`${codespace}\``, String(code), text)),
    "",
    "## Uploads",
    "",
    "`POST /blobs/<root>/manifest`, `POST /blobs/<root>/chunks/<number>` and `GET /blobs/<root>` of the RPC answer `{code, error}` with the status and",
    "the text of this table (`node/blobs/refusals.ts`), which may be followed by more. Nothing of what is refused is kept.",
    "",
    row("code", "HTTP status", "text"),
    row("---", "---", "---"),
    ...Object.entries(BLOB_REFUSALS).map(([code, { status, text }]) => row(`\`${code}\``, String(status), text)),
    "",
    "## Events",
    "",
    "Besides these, every message emits `message` with `action`, `sender` and `module`, and each event of a message ends with",
    "`msg_index`.",
    ...EVENTS.flatMap(([module, events]) => [
      "",
      `### ${module}`,
      "",
      row("type", "attributes", "when"),
      row("---", "---", "---"),
      ...events.map(({ type, attributes, when }) =>
        row(`\`${type}\``, attributes.map((name) => `\`${name}\``).join(" "), when),
      ),
    ]),
    "",
  ].join("\n");
}

function parameters(): string {
  const local: Readonly<Record<string, bigint>> = PRESETS.local;
  return [
    "# Parameters",
    "",
    "Made from the one parameter table by `docs/generate.ts`. A genesis document overrides defaults under `params`, as decimal strings.",
    "`ppm` is parts per million.",
    "",
    row("name", "unit", "default", "local", "range", "what it is"),
    row("---", "---", "---", "---", "---", "---"),
    ...[...parameterTable(modules)].map(([name, { unit, default: value, min, max, doc }]) =>
      row(
        `\`${name}\``,
        unit,
        String(value),
        local[name] === undefined ? "" : String(local[name]),
        `${min} to ${max}`,
        doc,
      ),
    ),
    "",
  ].join("\n");
}

/** Settings by their path (`rpc.port`), in the order of the table. */
function* settingsIn(table: object, at = ""): Generator<readonly [path: string, value: string, doc: string]> {
  for (const [key, entry] of Object.entries(table)) {
    const path = `${at}${key}`;
    if ("check" in entry) yield [path, JSON.stringify(entry.default), entry.doc];
    else yield* settingsIn(entry, `${path}.`);
  }
}

function settings(): string {
  return [
    "# Settings",
    "",
    "Made from the table in `node/config.ts` by `docs/generate.ts`. They stand in a node's `config.json`; one that is left out has its",
    "default. What all nodes must agree on is a [parameter](parameters.md) and not a setting.",
    "",
    row("setting", "default", "what it is"),
    row("---", "---", "---"),
    ...[...settingsIn(SETTINGS)].map(([path, value, doc]) => row(`\`${path}\``, `\`${value}\``, doc)),
    "",
  ].join("\n");
}

export const PAGES: Readonly<Record<string, () => string>> = {
  "errors-and-events.md": errorsAndEvents,
  "parameters.md": parameters,
  "settings.md": settings,
  "consensus-lines.md": () => consensusLines(row),
  "mutation.md": () => mutation(row),
  "refusals.md": () => refusals(row),
};

/** The pages that are not as they would be made now. */
export function outdated(read: (page: string) => string = readPage): string[] {
  return Object.entries(PAGES)
    .filter(([page, make]) => read(page) !== make())
    .map(([page]) => page);
}

function readPage(page: string): string {
  return readFileSync(join(import.meta.dirname, page), "utf8");
}

if (import.meta.main) {
  for (const [page, make] of Object.entries(PAGES)) writeFileSync(join(import.meta.dirname, page), make());
}
