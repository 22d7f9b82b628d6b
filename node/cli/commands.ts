import type { CommandTable } from "./command.ts";

/** Every command of `assay`, in the order in which help lists them. */
export const COMMANDS: CommandTable = {
  init: async () => (await import("./commands/init.ts")).init,
  start: async () => (await import("./commands/start.ts")).start,
  localnet: async () => (await import("./commands/localnet.ts")).localnet,
  keys: async () => (await import("./commands/keys.ts")).keys,
  export: async () => (await import("./commands/export.ts")).exportCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  gentx: async () => (await import("./commands/gentx.ts")).gentx,
  "collect-gentxs": async () => (await import("./commands/collect-gentxs.ts")).collectGentxs,
  infer: async () => (await import("./commands/infer.ts")).infer,
  light: async () => (await import("./commands/light.ts")).light,
  model: async () => (await import("./commands/model.ts")).model,
  query: async () => (await import("./commands/query.ts")).query,
  receipt: async () => (await import("./commands/receipt.ts")).receipt,
  rollback: async () => (await import("./commands/rollback.ts")).rollback,
  signer: async () => (await import("./commands/signer.ts")).signer,
  tx: async () => (await import("./commands/tx.ts")).tx,
  verify: async () => (await import("./commands/verify.ts")).verify,
};
