import type { ParameterModule } from "./parameters.ts";

/** Kinds of network to start from: `local` for a machine of one's own, `testnet` for a public trial, `mainnet` for value. */
export const PRESETS = {
  /** Short periods, so that what takes weeks elsewhere can be tried over a coffee. */
  local: {
    "consensus.blockInterval": 200n,
    "consensus.emptyBlockInterval": 1000n,
    "consensus.timeoutPropose": 600n,
    "consensus.timeoutProposeDelta": 200n,
    "consensus.timeoutPrevote": 200n,
    "consensus.timeoutPrevoteDelta": 100n,
    "consensus.timeoutPrecommit": 200n,
    "consensus.timeoutPrecommitDelta": 100n,
    "consensus.executionBudget": 100n,
    "consensus.inferenceBudget": 100n,
    "consensus.networkMargin": 200n,
    "consensus.evidenceMaxAgeBlocks": 300n,
    "consensus.evidenceMaxAgeTime": 50_000n,
    "gov.expeditedVotingPeriod": 15_000n,
    "gov.maxDepositPeriod": 30_000n,
    "gov.votingPeriod": 30_000n,
    // With revealWindow and appealWindow 59 blocks: at emptyBlockInterval less than unbondingTime.
    "inference.admissionWindow": 24n,
    "inference.appealWindow": 20n,
    "inference.revealWindow": 15n,
    // At emptyBlockInterval less than what unbondingTime leaves after evidenceMaxAgeTime.
    "feemarket.burnShare": 0n,
    // Below the least: one price, whatever the load.
    "feemarket.maxBaseFee": 0n,
    "mint.inflationMax": 0n,
    "mint.inflationMin": 0n,
    "slashing.amnesiaWindow": 8n,
    "slashing.correlationMultiplier": 0n,
    "slashing.correlationWindow": 30n,
    "slashing.downtimeCorrelationMultiplier": 0n,
    "slashing.downtimeJailDuration": 10_000n,
    "staking.unbondingTime": 60_000n,
  },
  /** The defaults, with a day's unbonding: evidence counts for 20 hours of it, and 10,000 blocks take at most 14. */
  testnet: {
    "consensus.evidenceMaxAgeBlocks": 50_000n,
    "consensus.evidenceMaxAgeTime": 72_000_000n,
    "inference.appealWindow": 10_000n,
    "slashing.amnesiaWindow": 2_000n,
    "staking.unbondingTime": 86_400_000n,
  },
  /** The defaults, with the three weeks' unbonding that Cosmos users expect; evidence counts for 20 days of them. */
  mainnet: {
    "consensus.evidenceMaxAgeBlocks": 1_000_000n,
    "consensus.evidenceMaxAgeTime": 1_728_000_000n,
    // Six days, if all are idle.
    "slashing.correlationWindow": 100_000n,
    "staking.unbondingTime": 1_814_400_000n,
  },
} as const satisfies Record<string, Readonly<Record<string, bigint>>>;
export type Preset = keyof typeof PRESETS;

/**
 * A preset's overrides as a genesis document holds them, without those of modules that the network does not have.
 * @param more overrides that win over the preset's.
 */
export function presetParams(
  preset: Preset,
  modules: readonly ParameterModule[],
  more: Readonly<Record<string, bigint>> = {},
): Record<string, string> {
  const known = new Set(["consensus", ...modules.map((module) => module.params.module)]);
  const overrides: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...PRESETS[preset], ...more })) {
    if (known.has(name.slice(0, name.indexOf(".")))) overrides[name] = value.toString();
  }
  return overrides;
}
