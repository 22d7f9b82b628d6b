import type { EncodeObject } from "@cosmjs/proto-signing";
import { coin } from "@cosmjs/stargate";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { didYouMean } from "../../../genesis/nearest.ts";
import { UserError } from "../../user-error.ts";
import { decodeAnyAddress } from "../addresses.ts";
import { parseArguments } from "../arguments.ts";
import { SIGNER_OPTIONS, SIGNER_USAGE, withSigner } from "../client.ts";
import type { Command } from "../command.ts";

type Amount = ReturnType<typeof coin>;

const KINDS: Readonly<Record<string, (from: string, to: string, amount: Amount) => EncodeObject>> = {
  send: (from, to, amount) => ({
    typeUrl: MsgSend.typeUrl,
    value: MsgSend.fromPartial({ fromAddress: from, toAddress: to, amount: [amount] }),
  }),
  delegate: (from, to, amount) => ({
    typeUrl: MsgDelegate.typeUrl,
    value: MsgDelegate.fromPartial({ delegatorAddress: from, validatorAddress: to, amount }),
  }),
  undelegate: (from, to, amount) => ({
    typeUrl: MsgUndelegate.typeUrl,
    value: MsgUndelegate.fromPartial({ delegatorAddress: from, validatorAddress: to, amount }),
  }),
};

function parseCoin(text: string): Amount {
  const found = /^([1-9][0-9]{0,30})([a-z][a-z0-9]{2,31})$/.exec(text);
  if (found?.[1] === undefined || found[2] === undefined) {
    throw new UserError(`tx: an amount is a number and a denomination, such as 5uassay, not "${text.slice(0, 60)}"`);
  }
  return coin(found[1], found[2]);
}

export const tx: Command = {
  name: "tx",
  summary: "sends, delegates and undelegates coins",
  usage: [
    `tx send <address> <amount> ${SIGNER_USAGE}`,
    `tx delegate|undelegate <validator> <amount> ${SIGNER_USAGE}`,
  ].join("\n"),
  async run(args, io) {
    const names = [Object.keys(KINDS).join(", "), "address", "amount"];
    const { values, positionals } = parseArguments(tx, args, SIGNER_OPTIONS, names);
    const [kind = "", to = "", amount = ""] = positionals;
    const message = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
    if (message === undefined) {
      throw new UserError(`tx: "${kind}" is no transaction${didYouMean(kind, Object.keys(KINDS))}`);
    }
    decodeAnyAddress(to);
    const parsed = parseCoin(amount);
    const sent = await withSigner(values, (client) => client.send([message(client.address, to, parsed)]));
    io.out(`${sent.hash} in block ${sent.height}, ${sent.gasUsed} gas`);
    return 0;
  },
};
