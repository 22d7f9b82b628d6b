import { fromUtf8, utf8 } from "../../chain/bytes.ts";
import type { ChainSpec, Context } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText } from "../addresses.ts";
import { type Authorization, authorizationAny, authorizedMessage, parseAuthorization } from "./authorization.ts";
import { type GrantRecord, grantQueue, grants, grantsByGrantee } from "./store.ts";

/** Who may send which message for whom. */
export interface Grant {
  readonly granter: Uint8Array;
  readonly grantee: Uint8Array;
  /** Type URL. */
  readonly message: string;
}

export interface GivenAuthorization {
  readonly authorization: Authorization;
  /** Milliseconds since the Unix epoch; undefined for never. */
  readonly expiration: number | undefined;
}

export function recordedAuthorization(
  { typeUrl, value, expiration }: GrantRecord,
  spec: Pick<ChainSpec, "prefix">,
): GivenAuthorization {
  const authorization = parseAuthorization({ typeUrl: fromUtf8(typeUrl), value }, spec);
  return { authorization, expiration: expiration === 0 ? undefined : expiration };
}

const keyOf = ({ granter, grantee, message }: Grant) => [granter, [grantee, message]] as const;

export function hasGrant(reader: StateReader, grant: Grant): boolean {
  return grants.has(reader, keyOf(grant));
}

/** Whether or not it has expired. */
export function getGrant(ctx: Pick<Context, "store" | "block">, grant: Grant): GivenAuthorization | undefined {
  const record = grants.get(ctx.store, keyOf(grant));
  return record === undefined ? undefined : recordedAuthorization(record, ctx.block.spec);
}

/** Writes a grant in the place of any other of the same parties and message, and keeps the indexes in step. */
export function saveGrant(
  ctx: Pick<Context, "store">,
  parties: Omit<Grant, "message">,
  { authorization, expiration = 0 }: GivenAuthorization,
): void {
  const { granter, grantee } = parties;
  const message = authorizedMessage(authorization);
  removeGrant(ctx, { ...parties, message });
  const { typeUrl, value } = authorizationAny(authorization);
  grants.set(ctx.store, [granter, [grantee, message]], { typeUrl: utf8(typeUrl), value, expiration });
  grantsByGrantee.set(ctx.store, [grantee, [granter, message]], true);
  if (expiration > 0) grantQueue.set(ctx.store, [expiration, [granter, [grantee, message]]], true);
}

/** Nothing happens where there is none. */
export function removeGrant(ctx: Pick<Context, "store">, grant: Grant): void {
  const record = grants.get(ctx.store, keyOf(grant));
  if (record === undefined) return;
  const { granter, grantee, message } = grant;
  grants.delete(ctx.store, keyOf(grant));
  grantsByGrantee.delete(ctx.store, [grantee, [granter, message]]);
  if (record.expiration > 0) grantQueue.delete(ctx.store, [record.expiration, keyOf(grant)]);
}

export function emitGrant(ctx: Context, type: "EventGrant" | "EventRevoke", grant: Grant): void {
  const { spec } = ctx.block;
  ctx.emit(
    `cosmos.authz.v1beta1.${type}`,
    ["msg_type_url", JSON.stringify(grant.message)],
    ["granter", JSON.stringify(accountText(spec, grant.granter))],
    ["grantee", JSON.stringify(accountText(spec, grant.grantee))],
  );
}

/** Removes up to `limit` grants that have expired. */
export function pruneGrants(ctx: Context, limit: number): void {
  const before = heightKey.encode(ctx.block.time);
  for (const [[, [granter, [grantee, message]]]] of grantQueue.entries(ctx.store, { before, limit })) {
    removeGrant(ctx, { granter, grantee, message });
  }
}
