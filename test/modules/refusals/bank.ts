import { MsgMultiSend, MsgSend, MsgSetSendEnabled } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { accountText } from "../../../modules/addresses.ts";
import { moduleAddress } from "../../../modules/auth/keeper.ts";
import { sendEnabled } from "../../../modules/bank/store.ts";
import { accountOf, SPEC } from "../network.ts";
import { BAD_ACCOUNTS, BAD_COINS, coin, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, FUNDS, OTHER_DENOM, type World } from "./world.ts";

const MODULE = accountText(SPEC, moduleAddress("bonded_tokens_pool"));
const HUGE = (1n << 128n) - 1n;

function disabled(): World {
  const world = createWorld();
  sendEnabled.set(world.store, OTHER_DENOM, false);
  return world;
}

const send = rowsOf(MsgSend, { fromAddress: accountOf("ann"), toAddress: accountOf("ben"), amount: [coin(1n)] });

const output = (amount = [coin(1n)], name = "ben") => ({ address: accountOf(name), coins: amount });
const input = (amount = [coin(1n)]) => ({ address: accountOf("ann"), coins: amount });
const multi = rowsOf(MsgMultiSend, { inputs: [input()], outputs: [output()] });

const GOV = accountText(SPEC, moduleAddress("gov"));
const switchOf = (denom: string) => ({ denom, enabled: false });
const named = { authority: GOV, sendEnabled: [switchOf("uassay")], useDefaultFor: [] };
const enabling = rowsOf(MsgSetSendEnabled, named, { by: "governance" });

export const bank: readonly Refusal[] = [
  enabling("not by governance", "sdk/4", { authority: accountOf("ann") }, { by: "ann" }),
  ...each(BAD_ACCOUNTS, "authority", (wrong, authority) => enabling(wrong, "sdk/7", { authority })),
  enabling("no denomination", "sdk/18", { sendEnabled: [switchOf("1x")] }),
  enabling("a denomination twice", "sdk/18", { useDefaultFor: ["uassay"] }),
  enabling("more denominations than a message may name", "sdk/18", {
    useDefaultFor: Array.from({ length: 256 }, (_, i) => `other${i}`),
  }),

  ...each(BAD_COINS, "amount:", (wrong, amount) => send(wrong, "sdk/10", { amount })),
  ...each(BAD_ACCOUNTS, "sender", (wrong, fromAddress) => send(wrong, "sdk/7", { fromAddress })),
  ...each(BAD_ACCOUNTS, "recipient", (wrong, toAddress) => send(wrong, "sdk/7", { toAddress })),
  send("more than the sender has", "sdk/5", { amount: [coin(FUNDS)] }),
  send("the largest amount", "sdk/5", { amount: [coin(HUGE)] }),
  send("a denomination nobody has", "sdk/5", { amount: [coin(1n, "unknown")] }),
  send("one of two denominations is too much", "sdk/5", { amount: [coin(FUNDS + 1n, OTHER_DENOM), coin(1n)] }),
  send("the recipient is a module", "sdk/4", { toAddress: MODULE }),
  send("the sender is a module", "sdk/8", { fromAddress: MODULE }),
  send(
    "transfers of the denomination are disabled",
    "bank/5",
    { amount: [coin(1n, OTHER_DENOM)] },
    { given: disabled },
  ),

  multi("no input", "bank/2", { inputs: [] }),
  multi("two inputs", "bank/9", { inputs: [input(), input()] }),
  multi("no outputs", "bank/3", { outputs: [] }),
  multi("outputs are more than the input", "bank/4", { outputs: [output(), output()] }),
  multi("outputs are less than the input", "bank/4", { inputs: [input([coin(2n)])] }),
  multi("outputs of another denomination", "bank/4", { outputs: [output([coin(1n, OTHER_DENOM)])] }),
  ...each(BAD_COINS, "input:", (wrong, coins) => multi(wrong, "sdk/10", { inputs: [input(coins)] })),
  ...each(BAD_COINS, "output:", (wrong, coins) => multi(wrong, "sdk/10", { outputs: [output(coins)] })),
  ...each(BAD_ACCOUNTS, "sender", (wrong, address) => multi(wrong, "sdk/7", { inputs: [{ ...input(), address }] })),
  ...each(BAD_ACCOUNTS, "recipient", (wrong, address) =>
    multi(wrong, "sdk/7", { outputs: [{ ...output(), address }] }),
  ),
  multi("more than the sender has", "sdk/5", { inputs: [input([coin(FUNDS)])], outputs: [output([coin(FUNDS)])] }),
  multi("sums above 2^128", "sdk/5", {
    inputs: [input([coin(HUGE)])],
    outputs: [output([coin(HUGE - 1n)]), output([coin(1n)])],
  }),
  multi("the second recipient is a module", "sdk/4", {
    inputs: [input([coin(2n)])],
    outputs: [output(), { ...output(), address: MODULE }],
  }),
  multi(
    "transfers of the denomination are disabled",
    "bank/5",
    { inputs: [input([coin(1n, OTHER_DENOM)])], outputs: [output([coin(1n, OTHER_DENOM)])] },
    { given: disabled },
  ),
  multi("too many outputs", "sdk/18", {
    inputs: [input([coin(1001n)])],
    outputs: Array.from({ length: 1001 }, () => output()),
  }),
];
