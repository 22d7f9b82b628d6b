import { LightClientAttackEvidence } from "../../../chain/types/evidence.ts";
import { LightBlock } from "../../../chain/types/light-block.ts";
import { decodeWire } from "../../wire.ts";
import { base64, int64 } from "../encoding.ts";
import { RpcError } from "../json-rpc.ts";
import { method } from "../method.ts";
import { blockAt } from "./bounds.ts";

/**
 * What a light client verifies, as SSZ (chain/types/light-block.ts): CometBFT's `commit` and `validators` have no room for an aggregate
 * signature and vote keys. 110 KiB at most.
 */
export const assayLightBlock = method("assay_light_block", { height: "int?" }, ({ api }, params) => {
  const { block, commit } = blockAt(api, params.height);
  const { height } = block.header;
  const rotation = api.rotation(height);
  if (rotation === undefined) throw new RpcError("internal", `the validator set of height ${height} is not available`);
  const bytes = LightBlock.serialize({ header: block.header, commit, validators: [...rotation.validators] });
  return { height: int64(height), light_block: base64(bytes) };
});

/** Takes the base64 of an SSZ LightClientAttackEvidence. Costs one pairing where it could be of use. */
export const assaySubmitAttack = method("assay_submit_attack", { evidence: "base64" }, ({ api }, params) => {
  const evidence = decodeWire(LightClientAttackEvidence, params.evidence);
  if (evidence === undefined) throw new RpcError("invalidParams", "evidence is no LightClientAttackEvidence");
  return { outcome: api.submitAttack(evidence) };
});
