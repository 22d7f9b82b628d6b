import { readFileSync, statSync } from "node:fs";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { createProtobufRpcClient, QueryClient } from "@cosmjs/stargate";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { Bech32PrefixRequest, Bech32PrefixResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { type AssayClient, connectAssay } from "../../client/assay-client.ts";
import { cometClient } from "../../client/node-rpc.ts";
import { systemErrorCode, UserError } from "../user-error.ts";
import { chosenKeyring, KEYRING_OPTIONS, KEYRING_USAGE, type KeyringChoice } from "./keyring-options.ts";
import { terminalPrompt } from "./prompt.ts";

/** Options that every command which talks to a node takes. */
export const NODE_OPTIONS = { node: { type: "string", default: "http://127.0.0.1:26657" } } as const;

/** Options that say who signs: a development account by number, or a name of the keyring. */
export const SIGNER_OPTIONS = {
  ...NODE_OPTIONS,
  ...KEYRING_OPTIONS,
  from: { type: "string", default: "dev0" },
  "gas-price": { type: "string" },
} as const;

export const SIGNER_USAGE = `[--from dev0…dev9 or a keyring name] ${KEYRING_USAGE} [--gas-price 0.025uassay] [--node url]`;

export interface SignerOptions extends KeyringChoice {
  readonly node: string;
  readonly from: string;
  readonly "gas-price"?: string | undefined;
}

/** Of a JSON file that a person names: more than a receipt, a set of 1024 validators or the inputs of a model take. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** The URL of a node's RPC without a slash at its end. @throws UserError naming the option that it comes from. */
export function nodeUrl(text: string, option = "node"): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new UserError(`--${option} must be a URL such as http://127.0.0.1:26657, not "${text.slice(0, 100)}"`);
  }
  return text.replace(/\/+$/, "");
}

function gasPriceOf(text: string | undefined): { readonly gasPrice?: string } {
  if (text === undefined) return {};
  if (/^[0-9]{1,12}(\.[0-9]{1,18})?[a-z][a-z0-9]{2,31}$/.test(text)) return { gasPrice: text };
  throw new UserError(
    `--gas-price must be a number and a denomination, such as 0.025uassay, not "${text.slice(0, 60)}"`,
  );
}

/** What CosmJS and gRPC put before a node's own words. */
const QUERY_PREFIX = /^Query failed with \(\d+\): (rpc error: code = \w+ desc = )?/;

/**
 * What a person is told of an exception: one line. What goes wrong on the way to a node and in its answers is nothing that a stack helps
 * with, whoever threw it.
 */
export function forPeople(error: unknown): UserError {
  if (error instanceof UserError) return error;
  const text = (error instanceof Error ? error.message : String(error)).replace(QUERY_PREFIX, "");
  const hint = /^no node answers .*ECONNREFUSED/.test(text) ? "; is one running? npm start runs four" : "";
  const odd = error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
  const prefix = odd ? "the node's answer can't be read: " : "";
  return new UserError(`${prefix}${text.replaceAll(/\s*\n\s*/g, " ")}${hint}`, { cause: error });
}

/** The prefix of the chain's addresses. */
export async function addressPrefix(comet: Comet38Client): Promise<string> {
  const rpc = createProtobufRpcClient(QueryClient.withExtensions(comet));
  const request = Bech32PrefixRequest.encode({}).finish();
  const answer = await rpc.request("cosmos.auth.v1beta1.Query", "Bech32Prefix", request);
  return Bech32PrefixResponse.decode(answer).bech32Prefix;
}

/**
 * Does something with a connection that signs.
 * @throws UserError when the key is not to be had, the node does not answer, or for whatever `use` throws.
 */
export async function withSigner<T>(options: SignerOptions, use: (client: AssayClient) => Promise<T>): Promise<T> {
  const node = nodeUrl(options.node);
  const gas = gasPriceOf(options["gas-price"]);
  const { privateKey: key } = await chosenKeyring(options, terminalPrompt()).load(options.from);
  try {
    const wallet = await DirectSecp256k1Wallet.fromKey(key, await addressPrefix(cometClient(node)));
    return await use(await connectAssay(node, wallet, gas));
  } catch (error) {
    throw forPeople(error);
  }
}

/** Does something with a connection that only reads. @throws UserError for whatever `use` throws. */
export async function withReader<T>(node: string, use: (comet: Comet38Client, node: string) => Promise<T>): Promise<T> {
  const url = nodeUrl(node);
  try {
    return await use(cometClient(url), url);
  } catch (error) {
    throw forPeople(error);
  }
}

/** A JSON file that a person named. @throws UserError for one that can't be read, is larger than 16 MiB or is no JSON. */
export function readJsonFile(path: string): unknown {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > MAX_JSON_BYTES) throw new UserError(`${path} has ${size} bytes, at most ${MAX_JSON_BYTES} are read`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} can't be read (${systemErrorCode(error) ?? String(error)})`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message.replaceAll(/\s*\n\s*/g, " ");
    throw new UserError(`${path} is no JSON: ${reason}`, { cause: error });
  }
}

/** JSON for people and programs: bigints as decimal texts, bytes as hex. */
export function toJsonText(value: unknown, indent = 2): string {
  return JSON.stringify(
    value,
    (_, field: unknown) => {
      if (typeof field === "bigint") return field.toString();
      if (field instanceof Uint8Array) return Buffer.from(field).toString("hex");
      return field;
    },
    indent,
  );
}
