import { equalBytes, toHex } from "../../chain/bytes.ts";
import { TxError } from "../../chain/errors.ts";
import type { ChainSpec, Module, Report } from "../../chain/module.ts";
import { ensureAccount } from "../auth/keeper.ts";
import {
  failOnReport,
  readAddress,
  readBase64,
  readList,
  readNumber,
  readObject,
  readText,
} from "../genesis-section.ts";
import { authorizedMessage, parseAuthorization } from "./authorization.ts";
import { type GivenAuthorization, saveGrant } from "./keeper.ts";
import { MAX_AUTHORIZATION_BYTES } from "./store.ts";

interface Entry {
  readonly granter: Uint8Array;
  readonly grantee: Uint8Array;
  readonly given: GivenAuthorization;
}

function readEntry(value: unknown, path: string, prefix: string, report: Report): Entry | undefined {
  const fields = readObject(value, path, report, ["granter", "grantee", "typeUrl", "value", "expiration"]);
  if (fields === undefined) return undefined;
  const granter = readAddress(fields.get("granter"), `${path}.granter`, report, prefix);
  const grantee = readAddress(fields.get("grantee"), `${path}.grantee`, report, prefix);
  const typeUrl = readText(fields.get("typeUrl"), `${path}.typeUrl`, report, 128);
  const bytes = readBase64(fields.get("value"), `${path}.value`, report, MAX_AUTHORIZATION_BYTES);
  const expiration = fields.has("expiration")
    ? readNumber(fields.get("expiration"), `${path}.expiration`, report, [1, Number.MAX_SAFE_INTEGER])
    : undefined;
  if (granter === undefined || grantee === undefined || typeUrl === undefined || bytes === undefined) return undefined;
  if (equalBytes(granter, grantee)) report(`${path}.grantee`, "is the granter");
  try {
    const authorization = parseAuthorization({ typeUrl, value: bytes }, { prefix });
    return { granter, grantee, given: { authorization, expiration } };
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    report(`${path}.value`, error.message);
    return undefined;
  }
}

function readSection(section: unknown, { prefix }: Pick<ChainSpec, "prefix">, report: Report): readonly Entry[] {
  const fields = readObject(section, "authz", report, ["grants"]);
  const seen = new Set<string>();
  return readList(fields?.get("grants"), "authz.grants", report).flatMap((value, i) => {
    const path = `authz.grants[${i}]`;
    const entry = readEntry(value, path, prefix, report);
    if (entry === undefined) return [];
    const message = authorizedMessage(entry.given.authorization);
    const key = `${toHex(entry.granter)}/${toHex(entry.grantee)}/${message}`;
    if (seen.has(key)) report(path, `a grant of these parties for ${message} stands twice`);
    seen.add(key);
    return [entry];
  });
}

/** `{grants: [{granter, grantee, typeUrl, value, expiration?}]}`: the authorisation's protobuf in base64, milliseconds since the epoch. */
export const genesis: Module["genesis"] = {
  validate(section, spec, report) {
    readSection(section, spec, report);
  },
  init(ctx, section) {
    for (const { given, ...parties } of readSection(section, ctx.block.spec, failOnReport)) {
      ensureAccount(ctx, parties.grantee);
      saveGrant(ctx, parties, given);
    }
  },
};
