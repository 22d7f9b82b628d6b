import { aggregateVerifier } from "../../../client/bls.ts";
import { eip2537Receipt, eip2537ToJson } from "../../../client/eip2537-receipt.ts";
import { cometClient } from "../../../client/node-rpc.ts";
import { fetchSettlement } from "../../../client/settled-receipt.ts";
import { settlementToJson } from "../../../client/settlement-json.ts";
import { verifySignatures } from "../../../client/verify-receipt.ts";
import { didYouMean } from "../../../genesis/nearest.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import { forPeople, toJsonText } from "../client.ts";
import type { Command, Io } from "../command.ts";
import { LIGHT_OPTIONS, lightSetup } from "../light-options.ts";
import { readReceiptFile, readTrustedFile } from "../receipt-file.ts";
import { committeeFor, trustOf } from "../receipt-trust.ts";
import { stateLine } from "./verify.ts";

const OPTIONS = { trust: { type: "string" }, ...LIGHT_OPTIONS } as const;

/** Prints a receipt in the form that a contract of Ethereum checks. */
async function eip2537(args: readonly string[], io: Io): Promise<number> {
  const name = "receipt eip2537";
  const { values, positionals } = parseArguments({ name }, args, OPTIONS, ["receipt.json"]);
  const trust = trustOf(name, values);
  const { receipt } = readReceiptFile(positionals[0] ?? "");
  try {
    const trusted = "file" in trust ? readTrustedFile(trust.file) : await committeeFor(await trust.connect(), receipt);
    io.out(toJsonText(eip2537ToJson(eip2537Receipt(receipt, trusted))));
    return 0;
  } catch (error) {
    throw forPeople(error);
  }
}

/** Prints the file again, with what the chain's state says of the job, if that goes with the receipt. */
async function addState(name: string, mustBeSettled: boolean, args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArguments({ name }, args, LIGHT_OPTIONS, ["receipt.json"]);
  const connect = lightSetup(name, values);
  const { receipt, problem, json } = readReceiptFile(positionals[0] ?? "");
  if (problem !== undefined) throw new UserError(problem);
  try {
    const setup = await connect();
    const { client } = setup;
    const verdict = verifySignatures(receipt, await committeeFor(setup, receipt), aggregateVerifier());
    if (!verdict.valid) throw new UserError(`the receipt does not verify: ${verdict.reason}`);
    const block = await client.update();
    const { settlement, state } = await fetchSettlement(cometClient(client.primary.name), block, receipt);
    if (mustBeSettled && state.state !== "settled") {
      io.err(stateLine(state));
      return 1;
    }
    io.out(toJsonText({ ...json, settlement: settlementToJson(settlement) }));
    return 0;
  } catch (error) {
    throw forPeople(error);
  }
}

const ACTIONS: Readonly<Record<string, (args: readonly string[], io: Io) => Promise<number>>> = {
  eip2537,
  settle: (args, io) => addState("receipt settle", true, args, io),
  prove: (args, io) => addState("receipt prove", false, args, io),
};

export const receipt: Command = {
  name: "receipt",
  summary: "puts a receipt into a form that others check: a contract of Ethereum, or whoever has no node",
  usage: [
    "receipt eip2537 <receipt.json> --trust <set.json>",
    "receipt eip2537 <receipt.json> --trust-height n --trust-hash <block id> --primary url [--witness url …]",
    "receipt prove <receipt.json> --trust-height n --trust-hash <block id> --primary url [--witness url …]",
    "receipt settle <receipt.json> --trust-height n --trust-hash <block id> --primary url [--witness url …]",
  ].join("\n"),
  async run(args, io) {
    const [action = "", ...rest] = args;
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (run !== undefined) return run(rest, io);
    const names = Object.keys(ACTIONS);
    throw new UserError(`receipt: "${action.slice(0, 40)}" is none of ${names.join(", ")}${didYouMean(action, names)}`);
  },
};
