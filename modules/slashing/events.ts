import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  {
    type: "slash",
    attributes: ["address", "power", "reason", "jailed", "burned_coins"],
    when: "stake was burnt; reason is double_sign, light_client_attack, amnesia or missing_signature, addresses are valcons (block event)",
  },
  {
    type: "correlation_penalty",
    attributes: ["validator", "class", "height", "faulty_power", "total_power", "fraction_ppm", "burned_coins"],
    when: "stake was burnt for a fault that came together with others; class is safety or downtime (block event)",
  },
  {
    type: "amnesia_challenge",
    attributes: ["address", "height", "block_id", "from_round", "to_round", "deadline"],
    when: "a validator voted for a block against its own precommit, and is slashed unless a polka of the block in these rounds gets into a block by the deadline (block event)",
  },
  {
    type: "amnesia_answered",
    attributes: ["height", "block_id", "from_round", "to_round", "round"],
    when: "a polka in the round excused all who were challenged so (block event)",
  },
  {
    type: "liveness",
    attributes: ["address", "missed_blocks", "height"],
    when: "a validator's precommit was missing in the last commit (block event)",
  },
];
