import { PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgCreateValidator,
  MsgDelegate,
  MsgEditValidator,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { coin, defaulted, file, integer, operator, optional, rate, required, words } from "./kinds.ts";
import { message, type TxRow, txRow } from "./row.ts";
import { identityKeyOf, makeVoteKey, setVoteKeyMessage, voteKeyPath } from "./validator-keys.ts";

const NODE_HOME = optional(file, "the home of the validator's node, where its keys are; --home if not given");
/** What leaves a field of a description as it is. */
const UNCHANGED = "[do-not-modify]";

const createValidator = txRow({
  path: "staking create-validator",
  summary: "makes a validator of the keys in a node's home, with a first delegation and its vote key",
  flags: {
    amount: required(coin, "the first delegation, such as 1000000uassay"),
    moniker: required(words, "the validator's name"),
    identity: defaulted(words, "", "a signature that says who it is"),
    website: defaulted(words, "", "its website"),
    "security-contact": defaulted(words, "", "an address for reports"),
    details: defaulted(words, "", "a few words about it"),
    "commission-rate": defaulted(rate, "0.1", "its share of delegators' rewards"),
    "commission-max-rate": defaulted(rate, "0.2", "the highest that it may ever be"),
    "commission-max-change-rate": defaulted(rate, "0.01", "how much it may change in a day"),
    "min-self-delegation": defaulted(integer, "1", "what the operator keeps at stake itself"),
    "node-home": NODE_HOME,
    "vote-key": optional(file, "the vote key's file, where it is not in the node's home"),
  },
  async messages(values, sender) {
    const home = values["node-home"] ?? sender.home;
    const { moniker, identity, website, details } = values;
    const pubkey = PubKey.encode({ key: identityKeyOf(home).publicKey }).finish();
    const create = MsgCreateValidator.fromPartial({
      description: { moniker, identity, website, details, securityContact: values["security-contact"] },
      commission: {
        rate: values["commission-rate"],
        maxRate: values["commission-max-rate"],
        maxChangeRate: values["commission-max-change-rate"],
      },
      minSelfDelegation: values["min-self-delegation"].toString(),
      delegatorAddress: sender.address,
      validatorAddress: sender.operator,
      pubkey: { typeUrl: PubKey.typeUrl, value: pubkey },
      value: values.amount,
    });
    return [
      message(MsgCreateValidator, create),
      await setVoteKeyMessage(home, values["vote-key"] ?? voteKeyPath(home), sender),
    ];
  },
});

const editValidator = txRow({
  path: "staking edit-validator",
  summary: "changes a validator's description, commission or least self-delegation",
  flags: {
    moniker: optional(words, "the validator's name"),
    identity: optional(words, "a signature that says who it is"),
    website: optional(words, "its website"),
    "security-contact": optional(words, "an address for reports"),
    details: optional(words, "a few words about it"),
    "commission-rate": optional(rate, "its share of delegators' rewards"),
    "min-self-delegation": optional(integer, "what the operator keeps at stake itself"),
  },
  messages(values, sender) {
    const { moniker, identity, website, details } = values;
    const description = {
      moniker: moniker ?? UNCHANGED,
      identity: identity ?? UNCHANGED,
      website: website ?? UNCHANGED,
      securityContact: values["security-contact"] ?? UNCHANGED,
      details: details ?? UNCHANGED,
    };
    const edit = MsgEditValidator.fromPartial({
      description,
      validatorAddress: sender.operator,
      commissionRate: values["commission-rate"] ?? "",
      minSelfDelegation: values["min-self-delegation"]?.toString() ?? "",
    });
    return [message(MsgEditValidator, edit)];
  },
});

export const stakingRows: readonly TxRow[] = [
  createValidator,
  editValidator,
  txRow({
    path: "staking delegate",
    summary: "puts coins at stake behind a validator",
    args: { validator: operator, amount: coin },
    messages: ({ validator, amount }, { address }) => [
      message(MsgDelegate, MsgDelegate.fromPartial({ delegatorAddress: address, validatorAddress: validator, amount })),
    ],
  }),
  txRow({
    path: "staking unbond",
    summary: "takes coins back from a validator, after the unbonding time",
    args: { validator: operator, amount: coin },
    messages: ({ validator, amount }, { address }) => [
      message(
        MsgUndelegate,
        MsgUndelegate.fromPartial({ delegatorAddress: address, validatorAddress: validator, amount }),
      ),
    ],
  }),
  txRow({
    path: "staking redelegate",
    summary: "moves stake from one validator to another",
    args: { from: operator, to: operator, amount: coin },
    messages: ({ from, to, amount }, { address }) => [
      message(
        MsgBeginRedelegate,
        MsgBeginRedelegate.fromPartial({
          delegatorAddress: address,
          validatorSrcAddress: from,
          validatorDstAddress: to,
          amount,
        }),
      ),
    ],
  }),
  txRow({
    path: "staking cancel-unbonding",
    summary: "puts unbonding coins back at stake; the height is the entry's creation height",
    args: { validator: operator, amount: coin, height: integer },
    messages: ({ validator, amount, height }, { address }) => [
      message(
        MsgCancelUnbondingDelegation,
        MsgCancelUnbondingDelegation.fromPartial({
          delegatorAddress: address,
          validatorAddress: validator,
          amount,
          creationHeight: height,
        }),
      ),
    ],
  }),
  txRow({
    path: "staking rotate-vote-key",
    summary: "replaces a validator's vote key; makes the file of the new one where there is none",
    args: { "new-vote-key": file },
    flags: { "node-home": NODE_HOME },
    async messages(values, sender) {
      const path = values["new-vote-key"];
      makeVoteKey(path);
      return [await setVoteKeyMessage(values["node-home"] ?? sender.home, path, sender)];
    },
  }),
];
