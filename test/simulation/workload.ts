import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, Fee, SignDoc, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import secp256k1 from "secp256k1";
import { equalBytes } from "../../chain/bytes.ts";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { ChainSpec } from "../../chain/module.ts";
import { getAccount } from "../../modules/auth/keeper.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { MsgRequestInference } from "../../proto/inference.ts";
import { tensorOf } from "./fake-engine.ts";
import type { SimNode } from "./node.ts";
import type { Random } from "./random.ts";
import type { Account, World } from "./world.ts";

interface Signing {
  readonly spec: ChainSpec;
  readonly account: Account;
  readonly accountNumber: number;
  readonly sequence: number;
  /** Limit, paid for at the usual price. */
  readonly gas?: bigint;
}

const GAS = 300_000n;
/** Gas for a base unit. */
const GAS_PER_UNIT = 40n;
const SECP256K1 = "/cosmos.crypto.secp256k1.PubKey";

/** A transaction of one message, as a wallet signs it (SIGN_MODE_DIRECT). */
export function signTx(
  { typeUrl, value }: AnyMessage,
  { spec, account, accountNumber, sequence, gas = GAS }: Signing,
): Uint8Array {
  const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages: [{ typeUrl, value }] })).finish();
  const publicKey = { typeUrl: SECP256K1, value: PubKey.encode({ key: account.publicKey }).finish() };
  const modeInfo = { single: { mode: SignMode.SIGN_MODE_DIRECT } };
  const amount = [{ denom: spec.denom, amount: String(gas / GAS_PER_UNIT) }];
  const fee = Fee.fromPartial({ amount, gasLimit: gas });
  const authInfoBytes = AuthInfo.encode(
    AuthInfo.fromPartial({ signerInfos: [{ publicKey, modeInfo, sequence: BigInt(sequence) }], fee }),
  ).finish();
  const { chainId } = spec;
  const document = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber: BigInt(accountNumber) }).finish();
  const { signature } = secp256k1.ecdsaSign(sha256(document), account.privateKey);
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] }).finish();
}

interface AnyMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** Sends more than any account has, now and then: it goes into a block and fails there. */
const TOO_MUCH = 10n ** 15n;
const MOST = 1_000_000;

function randomMessage(random: Random, { accounts, operators, genesis }: World, from: Account): AnyMessage {
  const { prefix, denom } = genesis.spec;
  const address = encodeAddress(prefix, from.address);
  const operator = encodeAddress(`${prefix}valoper`, random.pick(operators));
  const amount = { denom, amount: (random.chance(0.05) ? TOO_MUCH : BigInt(1 + random.int(MOST))).toString() };
  const kind = random.int(6);
  if (kind >= 4) {
    const inputs = Tensors.serialize([tensorOf(sha256(Uint8Array.of(random.int(256))))]);
    const maxFee = { denom, amount: random.chance(0.05) ? "1" : "1000000" };
    const value = MsgRequestInference.encode(
      MsgRequestInference.fromPartial({
        requester: address,
        model: "simulated",
        // Some are of another length, or impossible to be final by then.
        inputs: random.chance(0.05) ? inputs.subarray(1) : inputs,
        deadline: random.chance(0.1) ? BigInt(random.int(12)) : 0n,
        maxFee,
        lane: random.chance(0.5) ? "inline" : "",
      }),
    ).finish();
    return { typeUrl: MsgRequestInference.typeUrl, value };
  }
  if (kind === 0) {
    const value = MsgDelegate.encode({ delegatorAddress: address, validatorAddress: operator, amount }).finish();
    return { typeUrl: MsgDelegate.typeUrl, value };
  }
  if (kind === 1) {
    const value = MsgUndelegate.encode({ delegatorAddress: address, validatorAddress: operator, amount }).finish();
    return { typeUrl: MsgUndelegate.typeUrl, value };
  }
  const toAddress = encodeAddress(prefix, random.pick(accounts).address);
  const value = MsgSend.encode({ fromAddress: address, toAddress, amount: [amount] }).finish();
  return { typeUrl: MsgSend.typeUrl, value };
}

/**
 * A transaction that an account might send through this node: to other accounts, to validators and back. Most succeed.
 * Undefined while the node is down.
 */
export function randomTx(random: Random, world: World, node: SimNode): Uint8Array | undefined {
  const { process } = node;
  if (process === undefined) return undefined;
  const account = random.pick(world.accounts);
  const message = randomMessage(random, world, account);
  const known = getAccount(process.store.latest, account.address);
  const waiting = process.ledger.mempool.transactions();
  const own = waiting.filter(
    ({ signers }) => signers[0] !== undefined && equalBytes(signers[0], account.address),
  ).length;
  return signTx(message, {
    spec: world.genesis.spec,
    account,
    accountNumber: known?.accountNumber ?? 0,
    sequence: (known?.sequence ?? 0) + own,
  });
}
