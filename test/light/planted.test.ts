import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type * as verify from "../../consensus/light/verify.ts";
import { CASES } from "./cases.ts";

const ROOT = join(import.meta.dirname, "../..");
const SOURCE = readFileSync(join(ROOT, "consensus/light/verify.ts"), "utf8");

mkdirSync(join(ROOT, ".test"), { recursive: true });
/** As deep in the repository as the original, whose imports are relative. */
const folder = mkdtempSync(join(ROOT, ".test/light-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each check: its text in the source, what stands there without it, and a case that must then be let through or be judged otherwise. */
const CHECKS: readonly (readonly [check: string, without: string, caseName: string])[] = [
  ["header.time + trustingPeriod <= now", "false", "next: the trusted block is expired"],
  ["header.time + trustingPeriod <= now", "false", "skipping: the trusted block is expired"],
  ["header.time + trustingPeriod <= now", "false", "first: expired"],
  ["header.time < now + clockDrift", "true", "next: a block from the future"],
  ["header.time < now + clockDrift", "true", "first: from the future"],
  ["header.time <= trusted.header.time", "false", "next: the same time"],
  ["header.time <= trusted.header.time", "false", "next: time that goes back"],
  ["header.time <= trusted.header.time", "false", "skipping: time that goes back"],
  ["block.header.height !== trusted.header.height + 1", "false", "next: a block that does not follow"],
  [
    "!equalBytes(block.header.validatorsRoot, trusted.header.nextValidatorsRoot)",
    "false",
    "next: another set than was announced",
  ],
  ["!equalBytes(block.header.parentId, lightBlockId(trusted))", "false", "next: another parent"],
  ["header.version !== BLOCK_VERSION", "false", "next: a version that is not known"],
  ["commit.height !== header.height", "false", "next: a commit for another height"],
  ["!equalBytes(commit.blockId, lightBlockId(block))", "false", "next: another header's commit"],
  ["!equalBytes(commit.blockId, lightBlockId(block))", "false", "skipping: another header's commit"],
  ["return isNamed ? undefined : ", "return true ? undefined : ", "next: a set that the header does not name"],
  ["return isNamed ? undefined : ", "return true ? undefined : ", "skipping: a set that the header does not name"],
  ["return isNamed ? undefined : ", "return true ? undefined : ", "parent: with another set"],
  [
    "if (!equalBytes(known.header.validatorsRoot, header.validatorsRoot)) return false;",
    "return true;",
    "next: a set that the header does not name",
  ],
  ["one.power === other.power &&", "", "next: a set that the header does not name"],
  ["power === 0n", "false", "skipping: a member without power"],
  [".size !== validators.length", ".size < 0", "skipping: a vote key that stands in the set twice"],
  [
    "return verifyCommit(commit, validators, params, bls)",
    "return undefined",
    "next: too few signers: exactly two thirds",
  ],
  [
    "return verifyCommit(commit, validators, params, bls)",
    "return undefined",
    "next: a forged commit: claims a signer who did not sign",
  ],
  ["return verifyCommit(commit, validators, params, bls)", "return undefined", "next: another chain's signatures"],
  [
    "return verifyCommit(commit, validators, params, bls)",
    "return undefined",
    "skipping: a trusted third, but too few of its own set",
  ],
  ["return verifyCommit(commit, validators, params, bls)", "return undefined", "skipping: a forged commit"],
  ["return verifyCommit(commit, validators, params, bls)", "return undefined", "first: another chain's genesis root"],
  ["block.header.height <= trusted.header.height", "false", "skipping: an earlier block"],
  ["known !== signers.size", "false", "skipping: a signer who is not in the trusted set"],
  ["known !== signers.size", "false", "skipping: a made-up key that signs for everyone"],
  ["signed * level.denominator > total * level.numerator", "true", "skipping: exactly a third of the trusted set"],
  [
    "signed * level.denominator > total",
    "signed * level.denominator >= total",
    "skipping: exactly a third of the trusted set",
  ],
  [
    "signed * level.denominator > total * level.numerator",
    "signed * 3n > total",
    "skipping: less than the trust level that was asked for",
  ],
  [
    "block.header.height !== root.height || !equalBytes(lightBlockId(block), root.blockId)",
    "false",
    "first: another block than the trusted one",
  ],
  ["|| !equalBytes(lightBlockId(block), trusted.header.parentId)", "", "parent: not the one that the header names"],
];

test.each(CHECKS)("without %j", async (check, without, caseName) => {
  expect(SOURCE.split(check), "the check stands there once").toHaveLength(2);
  const found = CASES.find(({ name }) => name === caseName);
  if (found === undefined) throw new Error(`there is no case ${caseName}`);
  const file = join(
    folder,
    `${CHECKS.findIndex((row) => row[0] === check && row[1] === without && row[2] === caseName)}.ts`,
  );
  writeFileSync(
    file,
    SOURCE.replace(check, () => without),
  );
  const subject = (await import(file)) as typeof verify;
  const rejection = found.run(subject);
  expect(rejection?.kind === found.kind && found.reason.test(rejection.reason), "the case sees it").toBe(false);
});
