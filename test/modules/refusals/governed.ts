import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import { Plan } from "cosmjs-types/cosmos/upgrade/v1beta1/upgrade";
import { accountText } from "../../../modules/addresses.ts";
import { moduleAddress } from "../../../modules/auth/keeper.ts";
import { MsgUpdateParams } from "../../../proto/params.ts";
import { accountOf, SPEC } from "../network.ts";
import { BAD_ACCOUNTS, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";

/** What only governance may do, and how it is refused to others. */
const GOV = accountText(SPEC, moduleAddress("gov"));
const BY_GOV = { by: "governance" } as const;
const PLAN = Plan.fromPartial({ name: "next", height: 100n });

const upgradeRow = rowsOf(MsgSoftwareUpgrade, { authority: GOV, plan: PLAN }, BY_GOV);
const planned = (wrong: string, change: Partial<Plan>) => upgradeRow(wrong, "sdk/18", { plan: { ...PLAN, ...change } });
const cancel = rowsOf(MsgCancelUpgrade, { authority: GOV }, BY_GOV);
const change = (name: string, value: bigint) => ({ name, value });
const update = rowsOf(MsgUpdateParams, { authority: GOV, changes: [change("gov.minDeposit", 1n)] }, BY_GOV);

export const upgrade: readonly Refusal[] = [
  upgradeRow("not by governance", "sdk/4", { authority: accountOf("ann") }, { by: "ann" }),
  ...each(BAD_ACCOUNTS, "authority", (wrong, authority) => upgradeRow(wrong, "sdk/7", { authority })),
  planned("no name", { name: "" }),
  planned("a name too long", { name: "x".repeat(1000) }),
  planned("an info too long", { info: "x".repeat(100_000) }),
  planned("height zero", { height: 0n }),
  planned("a negative height", { height: -1n }),
  planned("a height that has passed", { height: 1n }),
  planned("a height above 2^53", { height: 1n << 60n }),
  planned("a client state", { upgradedClientState: { typeUrl: "/x.Y", value: new Uint8Array(0) } }),

  cancel("not by governance", "sdk/4", { authority: accountOf("ann") }, { by: "ann" }),
  ...each(BAD_ACCOUNTS, "authority", (wrong, authority) => cancel(wrong, "sdk/7", { authority })),
];

export const params: readonly Refusal[] = [
  update("not by governance", "sdk/4", { authority: accountOf("ann") }, { by: "ann" }),
  ...each(BAD_ACCOUNTS, "authority", (wrong, authority) => update(wrong, "sdk/7", { authority })),
  update("no changes", "params/4", { changes: [] }),
  update("unknown parameter", "params/2", { changes: [change("gov.minDepositt", 1n)] }),
  update("below the least value", "params/3", { changes: [change("staking.maxEntries", 0n)] }),
  update("above the largest value", "params/3", { changes: [change("staking.maxEntries", (1n << 64n) - 1n)] }),
  update("a parameter twice", "params/3", {
    changes: [change("gov.votingPeriod", 100_000n), change("gov.votingPeriod", 100_000n)],
  }),
  update("a value that does not fit another", "params/3", {
    changes: [change("gov.expeditedVotingPeriod", 31_536_000_000n)],
  }),
  update("a deposit that nobody can pay", "params/3", {
    changes: [change("gov.minDeposit", 10n ** 17n), change("gov.expeditedMinDeposit", 10n ** 18n)],
  }),
];
