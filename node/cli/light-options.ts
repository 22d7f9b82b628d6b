import { equalBytes, fromHex, toHex } from "../../chain/bytes.ts";
import { createBls } from "../../chain/crypto/bls.ts";
import { createLightClient, type LightClient } from "../../client/light-client.ts";
import { rpcProvider } from "../../client/light-provider.ts";
import type { Fraction } from "../../consensus/light/verify.ts";
import { type Genesis, parseGenesis } from "../../genesis/document.ts";
import { modules } from "../../modules/registry.ts";
import { UserError } from "../user-error.ts";
import { integerOption } from "./arguments.ts";
import { nodeUrl } from "./client.ts";
import { genesisDocument } from "./genesis-document.ts";

/** Options of every command that follows the chain by signatures. */
export const LIGHT_OPTIONS = {
  "trust-height": { type: "string" },
  "trust-hash": { type: "string" },
  primary: { type: "string", default: "http://127.0.0.1:26657" },
  witness: { type: "string", multiple: true, default: [] as string[] },
  "trust-period": { type: "string" },
  "trust-level": { type: "string", default: "1/3" },
  "genesis-root": { type: "string" },
  sequential: { type: "boolean", default: false },
} as const;

export interface LightOptions {
  readonly "trust-height"?: string | undefined;
  readonly "trust-hash"?: string | undefined;
  readonly primary: string;
  readonly witness: readonly string[];
  readonly "trust-period"?: string | undefined;
  readonly "trust-level": string;
  readonly "genesis-root"?: string | undefined;
  readonly sequential: boolean;
}

const MAX_WITNESSES = 16;

/**
 * The chain's genesis from a node that is not trusted: that the first block's set signed under its root shows that it is the right one.
 */
async function readGenesis(node: string): Promise<Genesis> {
  const result = parseGenesis(await genesisDocument(node), modules);
  if (result.ok) return result.genesis;
  const [first] = result.errors;
  throw new UserError(`the genesis document of ${node} is not one: ${first?.path} ${first?.message}`);
}

function hashOption(name: string, text: string): Uint8Array {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return fromHex(text);
  throw new UserError(`--${name} must be 64 hexadecimal digits, not "${text.slice(0, 80)}"`);
}

function fractionOption(text: string): Fraction {
  const [, numerator, denominator] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  const level = { numerator: BigInt(numerator ?? 0), denominator: BigInt(denominator ?? 0) };
  if (level.numerator * 3n >= level.denominator && level.numerator <= level.denominator && level.denominator > 0n) {
    return level;
  }
  throw new UserError(`--trust-level must be a fraction from 1/3 to 1/1, not "${text.slice(0, 40)}"`);
}

/** Two thirds of the time that stake stays answerable for, which leaves a third to bring evidence. */
function defaultPeriod({ params }: Genesis): number {
  return Math.floor((Number(params.get("staking.unbondingTime") ?? 0n) * 2) / 3);
}

/** What the options say, and what they leave to the primary to say. */
export interface LightSetup {
  readonly client: LightClient;
  /** The chain's name, if its genesis document was read. */
  readonly chainId: string | undefined;
  /** 32 bytes; the first block's set has signed under it. */
  readonly genesisRoot: Uint8Array;
}

/**
 * Checks the options. The returned function connects.
 * @param command names it in messages.
 * @throws UserError
 */
export function lightSetup(command: string, values: LightOptions): () => Promise<LightSetup> {
  if (values["trust-height"] === undefined || values["trust-hash"] === undefined) {
    throw new UserError(
      `${command}: --trust-height and --trust-hash are missing: the height and id of a block that somebody you trust gave you`,
    );
  }
  if (values.witness.length > MAX_WITNESSES) throw new UserError(`${command}: at most ${MAX_WITNESSES} witnesses`);
  const height = integerOption("trust-height", values["trust-height"], 1, Number.MAX_SAFE_INTEGER);
  const trust = { height, blockId: hashOption("trust-hash", values["trust-hash"]) };
  const trustLevel = fractionOption(values["trust-level"]);
  const primary = nodeUrl(values.primary, "primary");
  const witnesses = values.witness.map((url) => nodeUrl(url, "witness"));
  const seconds = values["trust-period"];
  const period = seconds === undefined ? undefined : integerOption("trust-period", seconds, 1, 1e9) * 1000;
  const root = values["genesis-root"];
  const expected = root === undefined ? undefined : hashOption("genesis-root", root);

  async function chainOf(): Promise<Pick<LightSetup, "chainId" | "genesisRoot"> & { readonly trustingPeriod: number }> {
    if (expected !== undefined && period !== undefined) {
      return { chainId: undefined, genesisRoot: expected, trustingPeriod: period };
    }
    const genesis = await readGenesis(primary);
    const { genesisRoot, chainId } = genesis.spec;
    if (expected !== undefined && !equalBytes(expected, genesisRoot)) {
      throw new UserError(`${primary} is of another chain, with the genesis root ${toHex(genesisRoot)}`);
    }
    return { chainId, genesisRoot, trustingPeriod: period ?? defaultPeriod(genesis) };
  }

  return async () => {
    const { chainId, genesisRoot, trustingPeriod } = await chainOf();
    const client = await createLightClient({
      genesisRoot,
      trustingPeriod,
      trust,
      trustLevel,
      sequential: values.sequential,
      primary: rpcProvider(primary),
      witnesses: witnesses.map((url) => rpcProvider(url)),
      bls: createBls(),
    });
    return { client, chainId, genesisRoot };
  };
}
