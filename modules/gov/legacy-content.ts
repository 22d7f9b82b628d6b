import type { BinaryReader } from "cosmjs-types/binary";
import { CommunityPoolSpendProposal } from "cosmjs-types/cosmos/distribution/v1beta1/distribution";
import { MsgCommunityPoolSpend } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgExecLegacyContent } from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import { ParameterChangeProposal } from "cosmjs-types/cosmos/params/v1beta1/params";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import { CancelSoftwareUpgradeProposal, SoftwareUpgradeProposal } from "cosmjs-types/cosmos/upgrade/v1beta1/upgrade";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { utf8 } from "../../chain/bytes.ts";
import type { ChainSpec } from "../../chain/module.ts";
import { strictReader } from "../../chain/strict-reader.ts";
import { accountText } from "../addresses.ts";
import { GOV } from "../auth/keeper.ts";
import { govError } from "./errors.ts";

/** Old-style proposals (cosmos.gov.v1beta1), put into the messages that do the same. */
interface LegacyContent {
  readonly title: string;
  readonly description: string;
  readonly carried: Any;
}

/** As in the Cosmos SDK, in bytes. */
const MAX_TITLE = 140;
const MAX_DESCRIPTION = 10_000;

function decoded<T>(decode: (reader: BinaryReader) => T, { typeUrl, value }: Any): T {
  try {
    return decode(strictReader(value));
  } catch (error) {
    // A decoder's exception on a stranger's bytes is the bytes' fault.
    throw govError("invalidContent", `${typeUrl}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checked({ title, description, carried }: LegacyContent): LegacyContent {
  if (title.trim() === "") throw govError("invalidContent", "proposal title cannot be blank");
  if (utf8(title).length > MAX_TITLE) {
    throw govError("invalidContent", `proposal title is longer than max length of ${MAX_TITLE}`);
  }
  if (description === "") throw govError("invalidContent", "proposal description cannot be blank");
  if (utf8(description).length > MAX_DESCRIPTION) {
    throw govError("invalidContent", `proposal description is longer than max length of ${MAX_DESCRIPTION}`);
  }
  return { title, description, carried };
}

/** @throws TxError gov 5 for what is no text */
export function textContent(content: Any | undefined): TextProposal {
  if (content?.typeUrl !== TextProposal.typeUrl) {
    throw govError("invalidContent", `only a text is carried so, not ${content?.typeUrl.slice(0, 200) ?? "nothing"}`);
  }
  return decoded((reader) => TextProposal.decode(reader), content);
}

/**
 * What an old-style content says, and the message that does it.
 * @throws TxError gov 5 for content that is malformed, 9 for a kind that this chain does not know.
 */
export function readContent(spec: ChainSpec, content: Any | undefined): LegacyContent {
  if (content === undefined) throw govError("invalidContent", "missing content");
  const authority = accountText(spec, GOV);
  switch (content.typeUrl) {
    case TextProposal.typeUrl: {
      const { title, description } = textContent(content);
      const value = MsgExecLegacyContent.encode({ content, authority }).finish();
      return checked({ title, description, carried: { typeUrl: MsgExecLegacyContent.typeUrl, value } });
    }
    case CommunityPoolSpendProposal.typeUrl: {
      const spend = decoded((reader) => CommunityPoolSpendProposal.decode(reader), content);
      const { title, description, recipient, amount } = spend;
      const value = MsgCommunityPoolSpend.encode({ authority, recipient, amount }).finish();
      return checked({ title, description, carried: { typeUrl: MsgCommunityPoolSpend.typeUrl, value } });
    }
    case SoftwareUpgradeProposal.typeUrl: {
      const { title, description, plan } = decoded((reader) => SoftwareUpgradeProposal.decode(reader), content);
      const value = MsgSoftwareUpgrade.encode({ authority, plan }).finish();
      return checked({ title, description, carried: { typeUrl: MsgSoftwareUpgrade.typeUrl, value } });
    }
    case CancelSoftwareUpgradeProposal.typeUrl: {
      const { title, description } = decoded((reader) => CancelSoftwareUpgradeProposal.decode(reader), content);
      const value = MsgCancelUpgrade.encode({ authority }).finish();
      return checked({ title, description, carried: { typeUrl: MsgCancelUpgrade.typeUrl, value } });
    }
    case ParameterChangeProposal.typeUrl:
      throw govError(
        "noHandler",
        "parameters are changed by a cosmos.gov.v1 proposal that carries assay.params.v1.MsgUpdateParams",
      );
    default:
      throw govError("noHandler", content.typeUrl.slice(0, 200));
  }
}
