import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  { type: "tx", attributes: ["fee", "fee_payer"], when: "the fee of a transaction has been taken" },
  { type: "tx", attributes: ["acc_seq"], when: "for each signer, its address and sequence as `address/sequence`" },
  { type: "tx", attributes: ["signature"], when: "for each signature, in base64" },
];
