import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { LegacyAminoPubKey } from "cosmjs-types/cosmos/crypto/multisig/keys";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { AuthorizationType, StakeAuthorization } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import { equalBytes } from "../../../chain/bytes.ts";
import { TxError } from "../../../chain/errors.ts";
import { addressOfKey, parseMultisig, publicKeyAny, SECP256K1_TYPE_URL } from "../../../modules/auth/public-key.ts";
import { aminoMessage } from "../../../modules/auth/sign-bytes.ts";
import { authorizationAny, parseAuthorization } from "../../../modules/authz/authorization.ts";
import { MAX_AUTHORIZATION_BYTES } from "../../../modules/authz/store.ts";
import { allowanceAny, parseAllowance } from "../../../modules/feegrant/allowance.ts";
import { MAX_ALLOWANCE_BYTES } from "../../../modules/feegrant/store.ts";
import { canonicalJson } from "../../../proto/amino/sign-doc.ts";
import { aminoTable, OUTERMOST } from "../../../proto/amino/table.ts";
import { accountOf, SPEC, valoperOf } from "../../modules/network.ts";
import { ensure, type FuzzTarget } from "../target.ts";

/** A choice of several types by the first byte, and what follows it. */
function chosen<T>(list: readonly T[], bytes: Uint8Array): readonly [T | undefined, Uint8Array] {
  return [list[(bytes[0] ?? 0) % list.length], bytes.subarray(1)];
}

const withChoice = (index: number, bytes: Uint8Array): Uint8Array => Uint8Array.of(index, ...bytes);

/** Only a TxError may come of a stranger's bytes. */
function refusing(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
  }
}

const rows = [...aminoTable.values()];
const coins = [{ denom: SPEC.denom, amount: "17" }];

/** What is signed says all that is executed: the JSON, after a wallet has parsed and written it, gives the same message. */
const amino: FuzzTarget = {
  name: "amino-sign-doc",
  maxBytes: 1024,
  seeds: () => [
    ...rows.map((_, index) => Uint8Array.of(index)),
    ...rows.map((_, index) => Uint8Array.of(index, 0x0a, 3, 0x0a, 1, 0x61, 0x12, 1, 0x62)),
    withChoice(
      rows.findIndex(({ typeUrl }) => typeUrl === MsgSend.typeUrl),
      MsgSend.encode({ fromAddress: "<a>", toAddress: "&", amount: coins }).finish(),
    ),
  ],
  run(bytes) {
    const [row, value] = chosen(rows, bytes);
    if (row === undefined) return;
    refusing(() => {
      const json = aminoMessage({ typeUrl: row.typeUrl, value }) as { value: unknown };
      const shown = JSON.parse(canonicalJson(json.value)) as unknown;
      const sent = row.encode(row.fromAmino(json.value, OUTERMOST));
      ensure(equalBytes(row.encode(row.fromAmino(shown, OUTERMOST)), sent), "a wallet would sign another message");
    });
  },
};

const spender = BasicAllowance.encode(BasicAllowance.fromPartial({ spendLimit: coins })).finish();
const allowanceSeeds: readonly (readonly [typeUrl: string, value: Uint8Array])[] = [
  [BasicAllowance.typeUrl, spender],
  [
    PeriodicAllowance.typeUrl,
    PeriodicAllowance.encode(
      PeriodicAllowance.fromPartial({
        basic: { spendLimit: coins },
        period: { seconds: 5n },
        periodSpendLimit: coins,
        periodCanSpend: coins,
        periodReset: { seconds: 9n },
      }),
    ).finish(),
  ],
  [
    AllowedMsgAllowance.typeUrl,
    AllowedMsgAllowance.encode({
      allowance: { typeUrl: BasicAllowance.typeUrl, value: spender },
      allowedMessages: [MsgSend.typeUrl],
    }).finish(),
  ],
];

const authorizationSeeds: readonly (readonly [typeUrl: string, value: Uint8Array])[] = [
  [GenericAuthorization.typeUrl, GenericAuthorization.encode({ msg: MsgSend.typeUrl }).finish()],
  [SendAuthorization.typeUrl, SendAuthorization.encode({ spendLimit: coins, allowList: [accountOf("a")] }).finish()],
  [
    StakeAuthorization.typeUrl,
    StakeAuthorization.encode(
      StakeAuthorization.fromPartial({
        authorizationType: AuthorizationType.AUTHORIZATION_TYPE_DELEGATE,
        allowList: { address: [valoperOf("a")] },
        maxTokens: { denom: SPEC.denom, amount: "5" },
      }),
    ).finish(),
  ],
];

interface Carried {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** What is parsed is stored in a form of its own, which must fit and mean the same. */
function grantTarget(
  name: string,
  seeds: typeof allowanceSeeds,
  again: (any: Carried) => Carried,
  maxBytes: number,
): FuzzTarget {
  return {
    name,
    maxBytes: 1024,
    seeds: () => seeds.map(([, value], index) => withChoice(index, value)),
    run(bytes) {
      const [seed, value] = chosen(seeds, bytes);
      if (seed === undefined) return;
      refusing(() => {
        const stored = again({ typeUrl: seed[0], value });
        ensure(stored.value.length <= maxBytes / 2, "more bytes than there is room for");
        ensure(equalBytes(again(stored).value, stored.value), "what is stored reads as something else");
      });
    },
  };
}

const member = { typeUrl: SECP256K1_TYPE_URL, value: PubKey.encode({ key: new Uint8Array(33).fill(2) }).finish() };

const multisigKey: FuzzTarget = {
  name: "multisig-key",
  maxBytes: 2048,
  seeds: () =>
    [1, 2, 16].map((count) =>
      LegacyAminoPubKey.encode({ threshold: 1, publicKeys: Array.from({ length: count }, () => member) }).finish(),
    ),
  run(bytes) {
    refusing(() => {
      const key = parseMultisig(bytes);
      ensure(addressOfKey(key).length === 20, "an odd address");
      ensure(equalBytes(publicKeyAny(key).value, bytes), "another key is shown");
    });
  },
};

export const signingTargets: readonly FuzzTarget[] = [
  amino,
  grantTarget(
    "authorization",
    authorizationSeeds,
    (any) => authorizationAny(parseAuthorization(any, SPEC)),
    MAX_AUTHORIZATION_BYTES,
  ),
  grantTarget("fee-allowance", allowanceSeeds, (any) => allowanceAny(parseAllowance(any)), MAX_ALLOWANCE_BYTES),
  multisigKey,
];
