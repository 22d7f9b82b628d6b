import { Secp256k1Wallet } from "@cosmjs/amino";
import { DirectSecp256k1Wallet, type OfflineSigner } from "@cosmjs/proto-signing";
import { bech32 } from "@scure/base";
import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import type { Keyring } from "../../keys/keyring.ts";
import { UserError } from "../../user-error.ts";
import { decodeAnyAddress } from "../addresses.ts";

/** Who a transaction is of, as far as is known without a passphrase. */
export interface TxAccount {
  readonly address: string;
  readonly addressBytes: Uint8Array;
  /** 33 bytes; undefined where only an address was given. */
  readonly publicKey: Uint8Array | undefined;
  /** Asks for the passphrase where one is needed. @throws UserError when there is no key to sign with. */
  wallet(mode: SignMode): Promise<OfflineSigner>;
}

export type SignMode = "direct" | "amino";

const isAddress = (text: string): boolean => bech32.decodeUnsafe(text, 90) !== undefined;

/** The account of a keyring's name, or of a bare address, which can't sign. */
export async function txAccount(from: string, keyring: Keyring, prefix: string): Promise<TxAccount> {
  if (isAddress(from)) {
    const addressBytes = decodeAnyAddress(from);
    const wallet = (): Promise<never> =>
      Promise.reject(new UserError(`--from ${from} is an address: to sign, give the name of its key`));
    return { address: from, addressBytes, publicKey: undefined, wallet };
  }
  const { address: addressBytes, publicKey } = await keyring.show(from);
  return {
    address: encodeAddress(prefix, addressBytes),
    addressBytes,
    publicKey,
    async wallet(mode) {
      const { privateKey } = await keyring.load(from);
      return mode === "amino"
        ? Secp256k1Wallet.fromKey(privateKey, prefix)
        : DirectSecp256k1Wallet.fromKey(privateKey, prefix);
    },
  };
}
