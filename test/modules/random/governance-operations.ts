import { MsgSetSendEnabled } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgCommunityPoolSpend } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import {
  MsgCancelProposal,
  MsgDeposit,
  MsgExecLegacyContent,
  MsgSubmitProposal,
  MsgVote,
  MsgVoteWeighted,
} from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import {
  MsgDeposit as LegacyDeposit,
  MsgSubmitProposal as LegacySubmitProposal,
  MsgVote as LegacyVote,
  MsgVoteWeighted as LegacyVoteWeighted,
} from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { STATUS } from "../../../modules/gov/store.ts";
import { MsgUpdateParams } from "../../../proto/params.ts";
import {
  ASSAY,
  amountOf,
  any,
  coin,
  GOVERNOR,
  type Operation,
  type Operations,
  type Scene,
  someone,
  someProposal,
  VOTES,
} from "./scene.ts";

/** What a proposal carries: nothing, or something that only governance may do. */
function proposalMessages(scene: Scene): Any[] {
  const { random } = scene;
  const change = (name: string, value: number) =>
    any(
      MsgUpdateParams.typeUrl,
      MsgUpdateParams.encode(
        MsgUpdateParams.fromPartial({ authority: GOVERNOR, changes: [{ name, value: BigInt(value) }] }),
      ).finish(),
    );
  const kind = random.int(9);
  if (kind === 0) return [change("staking.maxValidators", 2 + random.int(6))];
  if (kind === 1) return [change("staking.maxEntries", 1 + random.int(8))];
  if (kind === 2) return [change("distribution.communityTax", random.int(500_000))];
  if (kind === 3) return [change("slashing.signedBlocksWindow", 4 + random.int(20))];
  if (kind === 4) return [change("mint.inflationMax", random.int(900_000))];
  if (kind === 5) {
    const message = { authority: GOVERNOR, recipient: someone(scene).account, amount: [coin(amountOf(scene) + 1n)] };
    return [
      any(
        MsgCommunityPoolSpend.typeUrl,
        MsgCommunityPoolSpend.encode(MsgCommunityPoolSpend.fromPartial(message)).finish(),
      ),
    ];
  }
  if (kind === 6) {
    const height = BigInt(scene.height + 100_000 + random.int(100));
    const message = { authority: GOVERNOR, plan: { name: `v${scene.fresh()}`, height, info: "" } };
    return [
      any(MsgSoftwareUpgrade.typeUrl, MsgSoftwareUpgrade.encode(MsgSoftwareUpgrade.fromPartial(message)).finish()),
    ];
  }
  if (kind === 7) {
    return [any(MsgCancelUpgrade.typeUrl, MsgCancelUpgrade.encode({ authority: GOVERNOR }).finish())];
  }
  return [];
}

const submitText: Operation = (scene) => {
  const text = TextProposal.encode({ title: "a text", description: "that says something" }).finish();
  return LegacySubmitProposal.encode({
    content: { typeUrl: TextProposal.typeUrl, value: text },
    initialDeposit: [coin(BigInt(1 + scene.random.int(15)) * ASSAY)],
    proposer: someone(scene).account,
  }).finish();
};

/** Proposals, deposits and votes, in both versions, and what only governance may send, which is refused when others do. */
export const GOVERNANCE_OPERATIONS: Operations = {
  [MsgSubmitProposal.typeUrl]: [
    4,
    (scene) =>
      MsgSubmitProposal.encode(
        MsgSubmitProposal.fromPartial({
          messages: proposalMessages(scene),
          initialDeposit: [coin(BigInt(1 + scene.random.int(15)) * ASSAY)],
          proposer: someone(scene).account,
          title: "a proposal",
          summary: "what it is about",
          expedited: scene.random.chance(0.2),
        }),
      ).finish(),
  ],
  [MsgDeposit.typeUrl]: [
    4,
    (scene) =>
      MsgDeposit.encode({
        proposalId: someProposal(scene, scene.random.chance(0.8) ? STATUS.deposit : STATUS.voting),
        depositor: someone(scene).account,
        amount: [coin(amountOf(scene))],
      }).finish(),
  ],
  [MsgVote.typeUrl]: [
    14,
    (scene) =>
      MsgVote.encode({
        proposalId: someProposal(scene),
        voter: someone(scene).account,
        option: scene.random.chance(0.7) ? 1 : scene.random.pick(VOTES),
        metadata: "",
      }).finish(),
  ],
  [MsgVoteWeighted.typeUrl]: [
    4,
    (scene) =>
      MsgVoteWeighted.encode(
        MsgVoteWeighted.fromPartial({
          proposalId: someProposal(scene),
          voter: someone(scene).account,
          options: [
            { option: 1, weight: "0.700000000000000000" },
            { option: 3, weight: scene.random.chance(0.9) ? "0.300000000000000000" : "0.300000000000000001" },
          ],
        }),
      ).finish(),
  ],
  [MsgCancelProposal.typeUrl]: [
    1,
    (scene) => MsgCancelProposal.encode({ proposalId: someProposal(scene), proposer: someone(scene).account }).finish(),
  ],
  // What only governance may send is refused when anybody else does.
  [MsgUpdateParams.typeUrl]: [
    1,
    (scene) =>
      MsgUpdateParams.encode(
        MsgUpdateParams.fromPartial({
          authority: someone(scene).account,
          changes: [{ name: "staking.maxEntries", value: 3n }],
        }),
      ).finish(),
  ],
  [MsgCommunityPoolSpend.typeUrl]: [
    1,
    (scene) => {
      const { account } = someone(scene);
      const message = { authority: account, recipient: account, amount: [coin(1)] };
      return MsgCommunityPoolSpend.encode(message).finish();
    },
  ],
  [MsgSetSendEnabled.typeUrl]: [
    1,
    (scene) => {
      const message = { authority: someone(scene).account, sendEnabled: [{ denom: "uassay", enabled: false }] };
      return MsgSetSendEnabled.encode(MsgSetSendEnabled.fromPartial(message)).finish();
    },
  ],
  [MsgSoftwareUpgrade.typeUrl]: [
    1,
    (scene) => {
      const plan = { name: "v2", height: BigInt(scene.height + 10), info: "" };
      return MsgSoftwareUpgrade.encode(
        MsgSoftwareUpgrade.fromPartial({ authority: someone(scene).account, plan }),
      ).finish();
    },
  ],
  [MsgCancelUpgrade.typeUrl]: [1, (scene) => MsgCancelUpgrade.encode({ authority: someone(scene).account }).finish()],
  [MsgExecLegacyContent.typeUrl]: [
    1,
    (scene) =>
      MsgExecLegacyContent.encode(MsgExecLegacyContent.fromPartial({ authority: someone(scene).account })).finish(),
  ],
  [LegacySubmitProposal.typeUrl]: [1, submitText],
  [LegacyDeposit.typeUrl]: [
    1,
    (scene) =>
      LegacyDeposit.encode({
        proposalId: someProposal(scene, scene.random.chance(0.8) ? STATUS.deposit : STATUS.voting),
        depositor: someone(scene).account,
        amount: [coin(amountOf(scene))],
      }).finish(),
  ],
  [LegacyVote.typeUrl]: [
    2,
    (scene) =>
      LegacyVote.encode({ proposalId: someProposal(scene), voter: someone(scene).account, option: 1 }).finish(),
  ],
  [LegacyVoteWeighted.typeUrl]: [
    1,
    (scene) =>
      LegacyVoteWeighted.encode({
        proposalId: someProposal(scene),
        voter: someone(scene).account,
        options: [{ option: 1, weight: "1000000000000000000" }],
      }).finish(),
  ],
};
