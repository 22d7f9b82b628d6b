import { pubkeyToAddress } from "@cosmjs/amino";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import type { Keyring } from "../../keys/keyring.ts";
import { UserError } from "../../user-error.ts";
import { addressPrefix, toJsonText } from "../client.ts";
import type { Io } from "../command.ts";
import { txAccount } from "./account.ts";
import {
  address,
  defaulted,
  type Flag,
  file,
  flag,
  integer,
  type Kind,
  listOf,
  optional,
  required,
  several,
  words,
} from "./kinds.ts";
import type { KeyOptions } from "./options.ts";
import { printOutcome, sendAndWait } from "./outcome.ts";
import {
  memberSignature,
  multisigKey,
  multisignTx,
  readMemberSignature,
  type SignerNumbers,
  signerNumbers,
  signTx,
} from "./sign.ts";
import { readTxFile, txBytes, txFileText } from "./tx-file.ts";

/** What an action on files may use. */
export interface FileContext {
  readonly comet: Comet38Client;
  readonly node: string;
  readonly keyring: Keyring;
  readonly options: KeyOptions;
  readonly io: Io;
}

type Kinds = Readonly<Record<string, Kind<unknown>>>;
type Flags = Readonly<Record<string, Flag<unknown>>>;
type Parsed<A extends Kinds, F extends Flags> = { readonly [K in keyof A]: ReturnType<A[K]["parse"]> } & {
  readonly [K in keyof F]: ReturnType<F[K]["parse"]>;
};

/** A command on transactions in files. */
export interface FileRow {
  readonly path: string;
  readonly summary: string;
  readonly args: Kinds;
  readonly flags: Flags;
  /** @returns the exit code. */
  run(values: Readonly<Record<string, unknown>>, context: FileContext): Promise<number>;
}

interface Definition<A extends Kinds, F extends Flags> {
  readonly path: string;
  readonly summary: string;
  readonly args: A;
  readonly flags: F;
  run(values: Parsed<A, F>, context: FileContext): Promise<number>;
}

function fileRow<const A extends Kinds, const F extends Flags>(definition: Definition<A, F>): FileRow {
  return { ...definition, run: (values, context) => definition.run(values as Parsed<A, F>, context) };
}

const OFFLINE = {
  offline: flag("asks no node: --chain-id, --account-number and --sequence say what it would have said"),
  "chain-id": optional(words, "offline: the chain"),
  "account-number": optional(integer, "offline: of the account that the signature counts for"),
  sequence: optional(integer, "offline: of the account that the signature counts for"),
  prefix: defaulted(words, "assay", "offline: the prefix of addresses"),
} as const;

async function numbersOf(
  values: Parsed<Kinds, typeof OFFLINE>,
  comet: Comet38Client,
  of: string,
): Promise<SignerNumbers> {
  const { offline, sequence } = values;
  if (!offline) return signerNumbers(comet, of);
  const chainId = values["chain-id"];
  const accountNumber = values["account-number"];
  if (chainId === undefined || accountNumber === undefined || sequence === undefined) {
    throw new UserError("tx sign: --offline needs --chain-id, --account-number and --sequence");
  }
  return { chainId, accountNumber, sequence: Number(sequence) };
}

const MULTISIG = {
  members: required(listOf(words), "keyring names, or public keys in base64, of all members"),
  threshold: required(integer, "how many of them must sign"),
} as const;

export const FILE_ROWS: readonly FileRow[] = [
  fileRow({
    path: "sign",
    summary: "signs a transaction that --generate-only made and prints it",
    args: { transaction: file },
    flags: {
      ...OFFLINE,
      multisig: optional(address, "signs as a member of this account and prints that signature only"),
    },
    async run(values, { comet, keyring, options, io }) {
      const tx = readTxFile(values.transaction);
      const prefix = values.offline ? values.prefix : await addressPrefix(comet);
      const account = await txAccount(options.from, keyring, prefix);
      const numbers = await numbersOf(values, comet, values.multisig ?? account.address);
      const mode = values.multisig === undefined ? options["sign-mode"] : "amino";
      const signed = await signTx(tx, account, mode, numbers);
      io.out(
        values.multisig === undefined ? txFileText(signed) : toJsonText(memberSignature(account, signed, numbers)),
      );
      return 0;
    },
  }),
  fileRow({
    path: "multisign",
    summary: "puts members' signatures together and prints the signed transaction",
    args: { transaction: file, signatures: several(file) },
    flags: { ...MULTISIG, prefix: OFFLINE.prefix },
    async run({ transaction, signatures, members, threshold, prefix }, { keyring, io }) {
      const key = await multisigKey(members, Number(threshold), keyring);
      io.out(txFileText(multisignTx(readTxFile(transaction), key, prefix, signatures.map(readMemberSignature))));
      return 0;
    },
  }),
  fileRow({
    path: "multisig-address",
    summary: "prints the address of an account whose members sign together",
    args: {},
    flags: { ...MULTISIG, prefix: OFFLINE.prefix },
    async run({ members, threshold, prefix }, { keyring, io }) {
      io.out(pubkeyToAddress(await multisigKey(members, Number(threshold), keyring), prefix));
      return 0;
    },
  }),
  fileRow({
    path: "broadcast",
    summary: "hands a signed transaction to a node and waits for its block",
    args: { transaction: file },
    flags: {},
    async run({ transaction }, { comet, node, options, io }) {
      const tx = readTxFile(transaction);
      if (tx.signatures.length === 0) throw new UserError(`${transaction} is not signed: assay tx sign does that`);
      return printOutcome(await sendAndWait(comet, node, txBytes(tx)), options.json, io);
    },
  }),
];
