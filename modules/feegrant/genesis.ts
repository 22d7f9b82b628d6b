import { equalBytes, toHex } from "../../chain/bytes.ts";
import { TxError } from "../../chain/errors.ts";
import type { ChainSpec, Module, Report } from "../../chain/module.ts";
import { ensureAccount } from "../auth/keeper.ts";
import { failOnReport, readAddress, readBase64, readList, readObject, readText } from "../genesis-section.ts";
import { type Allowance, parseAllowance } from "./allowance.ts";
import { type Parties, saveAllowance } from "./keeper.ts";
import { MAX_ALLOWANCE_BYTES } from "./store.ts";

interface Entry extends Parties {
  readonly allowance: Allowance;
}

function readEntry(value: unknown, path: string, prefix: string, report: Report): Entry | undefined {
  const fields = readObject(value, path, report, ["granter", "grantee", "typeUrl", "value"]);
  if (fields === undefined) return undefined;
  const granter = readAddress(fields.get("granter"), `${path}.granter`, report, prefix);
  const grantee = readAddress(fields.get("grantee"), `${path}.grantee`, report, prefix);
  const typeUrl = readText(fields.get("typeUrl"), `${path}.typeUrl`, report, 128);
  const bytes = readBase64(fields.get("value"), `${path}.value`, report, MAX_ALLOWANCE_BYTES);
  if (granter === undefined || grantee === undefined || typeUrl === undefined || bytes === undefined) return undefined;
  if (equalBytes(granter, grantee)) report(`${path}.grantee`, "is the granter");
  try {
    return { granter, grantee, allowance: parseAllowance({ typeUrl, value: bytes }) };
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    report(`${path}.value`, error.message);
    return undefined;
  }
}

function readSection(section: unknown, spec: Pick<ChainSpec, "prefix">, report: Report): readonly Entry[] {
  const fields = readObject(section, "feegrant", report, ["allowances"]);
  const seen = new Set<string>();
  return readList(fields?.get("allowances"), "feegrant.allowances", report).flatMap((value, i) => {
    const path = `feegrant.allowances[${i}]`;
    const entry = readEntry(value, path, spec.prefix, report);
    if (entry === undefined) return [];
    const key = `${toHex(entry.granter)}/${toHex(entry.grantee)}`;
    if (seen.has(key)) report(path, "granter and grantee stand twice");
    seen.add(key);
    return [entry];
  });
}

/** `{allowances: [{granter, grantee, typeUrl, value}]}`, the value being the allowance's protobuf in base64. */
export const genesis: Module["genesis"] = {
  validate(section, spec, report) {
    readSection(section, spec, report);
  },
  init(ctx, section) {
    for (const { allowance, ...parties } of readSection(section, ctx.block.spec, failOnReport)) {
      ensureAccount(ctx, parties.grantee);
      saveAllowance(ctx, parties, allowance);
    }
  },
};
