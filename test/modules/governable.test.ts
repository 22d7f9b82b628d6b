import { MsgSubmitProposal, MsgVote } from "cosmjs-types/cosmos/gov/v1/tx";
import { describe, expect, test } from "vitest";
import { createContext } from "../../chain/executor/context.ts";
import { meteredStore } from "../../chain/executor/metered-store.ts";
import { gasMeter } from "../../chain/gas.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { parameterTable } from "../../genesis/parameters.ts";
import { presetParams } from "../../genesis/presets.ts";
import { supply } from "../../modules/bank/keeper.ts";
import { feeFor } from "../../modules/feemarket/base-fee.ts";
import { baseFee } from "../../modules/feemarket/keeper.ts";
import { MsgUpdateParams } from "../../proto/params.ts";
import { createOverlay } from "../../state/overlay.ts";
import { afterwards, changeParams, M, proposal, stored, VETO, vote, YES } from "./gov/proposing.ts";
import { accountOf, BLS, createNetwork, MODULES, type Network, refusal, SPEC } from "./network.ts";

const TABLE = parameterTable(MODULES);
const LOCAL = Object.fromEntries(
  Object.entries(presetParams("local", MODULES)).map(([name, text]) => [name, BigInt(text)]),
);
/** What the ante step of a transaction with one signer takes, and its bytes besides the message's. */
const ANTE = { gas: 60_000, bytes: 350 };

/** A chain on which nobody has more than a sixth of all coins, and a twentieth of the stake is against everything. */
const network = (): Network =>
  createNetwork({
    validators: { a: 3_000_000n * M, b: 3_000_000n * M, away: 500_000n * M, contrary: 350_000n * M },
    balances: { ann: 5_000_000n * M, bob: 20_000_000n * M },
    params: LOCAL,
  });

function send(net: Network, typeUrl: string, value: Uint8Array): void {
  const read = (name: string) => Number(net.params.get(name));
  const gas = read("consensus.maxBlockGas");
  if (value.length + ANTE.bytes > Math.min(read("consensus.maxTxBytes"), read("consensus.maxBlockBytes"))) {
    throw new Error(`${typeUrl} fits no transaction`);
  }
  const type = MODULES.flatMap(({ messages }) => messages).find((message) => message.typeUrl === typeUrl);
  const overlay = createOverlay(net.store);
  const meter = gasMeter(gas - ANTE.gas);
  const context = createContext(net.context().block, meteredStore(overlay, meter), BLS, meter);
  type?.parse(value, SPEC).execute({ ...context, txHash: ZERO_32, sequence: 0, messageIndex: 0 });
  overlay.flush();
  const fee = feeFor(200_000, baseFee(net.store, net.params));
  if (fee > supply(net.store, "uassay") / 1000n) throw new Error(`a fee of ${fee}`);
}

/** Whether somebody with a sixth of the coins and nine tenths of the stake can still change a parameter. */
function canBeUndone(net: Network, before: Change): void {
  const { params } = net;
  const deposit = params.get("gov.minDeposit") ?? 0n;
  const wanted = { messages: [changeParams(before)], proposer: "ann", deposit };
  send(net, MsgSubmitProposal.typeUrl, proposal(wanted));
  const after = Number(params.get("consensus.blockInterval"));
  net.block({ after });
  for (const voter of ["a", "b"]) {
    const message = { proposalId: 1n, voter: accountOf(voter), option: YES, metadata: "" };
    send(net, MsgVote.typeUrl, MsgVote.encode(message).finish());
    net.block({ after });
  }
  vote(net, 1, "contrary", VETO);
  const { votingEndTime } = stored(net, 1);
  expect(afterwards(net, Math.max(votingEndTime - net.time, after))).toBe("proposal_passed");
  net.block();
  for (const [name, value] of Object.entries(before)) expect(net.params.get(name)).toBe(value);
}

type Change = Readonly<Record<string, bigint>>;

/** Whether the rules allow it. */
function canBe(net: Network, change: Change): boolean {
  const { value } = changeParams(change);
  return refusal(() => net.run(MsgUpdateParams.typeUrl, value)) === undefined;
}

const ALONE = [...TABLE].flatMap(([name, { min, max }]): Change[] => [{ [name]: min }, { [name]: max }]);
/** What the rules allow only together. */
const TOGETHER: readonly Change[] = [
  { "gov.votingPeriod": 1000n, "gov.expeditedVotingPeriod": 500n },
  {
    "consensus.blockInterval": 5000n,
    "consensus.emptyBlockInterval": 5000n,
    "staking.unbondingTime": 10n ** 9n,
    "gov.votingPeriod": 6000n,
    "gov.expeditedVotingPeriod": 5000n,
  },
  { "gov.minDeposit": 10n ** 18n - 1n, "gov.expeditedMinDeposit": 10n ** 18n },
  { "gov.threshold": 999_998n, "gov.expeditedThreshold": 999_999n },
  { "gov.minDeposit": 10n ** 13n, "gov.expeditedMinDeposit": 10n ** 14n },
];

describe("no change that the rules allow ends governance", () => {
  test.each(
    [...ALONE, ...TOGETHER].map(
      (change) => [JSON.stringify(change, (_, v) => (typeof v === "bigint" ? `${v}` : v)), change] as const,
    ),
  )("%s", (_, change) => {
    const net = network();
    net.block();
    const before = Object.fromEntries(Object.keys(change).map((name) => [name, net.params.get(name) ?? 0n]));
    if (!canBe(net, change)) return;
    net.block();
    net.block();
    canBeUndone(net, before);
    expect(net.violations()).toEqual([]);
  });
});
