import { encodeAddress } from "../chain/crypto/bech32.ts";
import { genesisPossessionRoot, possessionSigningRoot } from "../chain/types/possession.ts";
import type { GenesisDocument } from "./document.ts";
import type { ParameterModule } from "./parameters.ts";
import { type Preset, presetParams } from "./presets.ts";

/** A validator's entry in the staking section; what it proves, `chain/types/possession.ts` says. */
export interface GenesisValidator {
  readonly operator: string;
  readonly moniker: string;
  /** Keys and signatures in base64. */
  readonly identityKey: string;
  readonly voteKey: string;
  readonly proofOfPossession: string;
  readonly identitySignature: string;
  /** Decimal, in the base denomination. */
  readonly tokens: string;
  /** 18 decimal places. */
  readonly commissionRate: string;
}

/** A key that signs; private parts stay with whoever holds it. */
export interface SigningKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** What a validator of a new network brings. */
export interface ValidatorSeed {
  readonly moniker: string;
  /** Address of the account that operates it. */
  readonly operator: Uint8Array;
  /** ed25519. */
  readonly identityKey: SigningKey;
  /** BLS12-381. */
  readonly voteKey: SigningKey;
  /** Stake, in the base denomination. */
  readonly tokens: bigint;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Makes the entry of a validator, with both proofs for this chain id. */
export function genesisValidator(chainId: string, prefix: string, seed: ValidatorSeed): GenesisValidator {
  const { operator, identityKey, voteKey } = seed;
  const data = { operator, identityKey: identityKey.publicKey, voteKey: voteKey.publicKey };
  const root = possessionSigningRoot(data, genesisPossessionRoot(chainId));
  return {
    operator: encodeAddress(prefix, operator),
    moniker: seed.moniker,
    identityKey: base64(identityKey.publicKey),
    voteKey: base64(voteKey.publicKey),
    proofOfPossession: base64(voteKey.sign(root)),
    identitySignature: base64(identityKey.sign(root)),
    tokens: seed.tokens.toString(),
    commissionRate: "0.100000000000000000",
  };
}

export interface LocalGenesisOptions {
  readonly chainId: string;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly prefix?: string;
  readonly denom?: string;
  readonly preset?: Preset;
  /** Overrides that win over the preset's. */
  readonly params?: Readonly<Record<string, bigint>>;
  readonly modules: readonly ParameterModule[];
  readonly validators: readonly ValidatorSeed[];
  /** Funded accounts: 20-byte addresses and amounts of the base denomination. */
  readonly balances: readonly { readonly address: Uint8Array; readonly amount: bigint }[];
}

/** The genesis document of a network whose keys are all at hand. Sections of modules that need nothing are empty. */
export function localGenesis(options: LocalGenesisOptions): GenesisDocument {
  const { chainId, prefix = "assay", denom = "uassay" } = options;
  const sections: Record<string, unknown> = {
    bank: {
      balances: options.balances.map(({ address, amount }) => {
        return { address: encodeAddress(prefix, address), coins: [{ denom, amount: amount.toString() }] };
      }),
    },
    staking: { validators: options.validators.map((seed) => genesisValidator(chainId, prefix, seed)) },
  };
  return {
    version: 1,
    chainId,
    genesisTime: new Date(options.time).toISOString(),
    prefix,
    denom,
    params: presetParams(options.preset ?? "local", options.modules, options.params),
    modules: Object.fromEntries(options.modules.map(({ name }) => [name, sections[name] ?? {}])),
  };
}
