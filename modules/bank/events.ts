import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  { type: "coin_spent", attributes: ["spender", "amount"], when: "coins left an account" },
  { type: "coin_received", attributes: ["receiver", "amount"], when: "coins came to an account" },
  { type: "transfer", attributes: ["recipient", "sender", "amount"], when: "coins moved between two accounts" },
  { type: "coinbase", attributes: ["minter", "amount"], when: "coins were made" },
  { type: "burn", attributes: ["burner", "amount"], when: "coins were destroyed" },
];
