import { defineParams } from "../../chain/params.ts";

export const slashingParams = defineParams("slashing", {
  signedBlocksWindow: {
    unit: "blocks",
    default: 100n,
    min: 4n,
    max: 100_000n,
    doc: "Number of last blocks in which missed precommits are counted.",
  },
  minSignedPerWindow: {
    unit: "ppm",
    default: 500_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "Least part of the window a validator must have signed.",
  },
  downtimeJailDuration: {
    unit: "ms",
    default: 600_000n,
    min: 0n,
    max: 31_536_000_000n,
    doc: "Time in jail for downtime.",
  },
  slashFractionDoubleSign: {
    unit: "ppm",
    default: 50_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "Part of the stake that two contradicting votes cost.",
  },
  slashFractionAmnesia: {
    unit: "ppm",
    default: 50_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "Part of the stake that voting against an earlier precommit costs, where no polka excuses it.",
  },
  amnesiaWindow: {
    unit: "blocks",
    default: 10_000n,
    min: 1n,
    max: 1_000_000n,
    doc: "Blocks after a challenge in which a polka may be shown that excuses those who are challenged.",
  },
  slashFractionDowntime: {
    unit: "ppm",
    default: 10_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "Part of the stake that downtime costs.",
  },
});
