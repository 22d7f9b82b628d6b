import { auth } from "./auth.ts";
import { authz } from "./authz.ts";
import { bank } from "./bank.ts";
import { distribution } from "./distribution.ts";
import { feegrant } from "./feegrant.ts";
import { gov } from "./gov.ts";
import { params, upgrade } from "./governed.ts";
import { inference } from "./inference.ts";
import type { Refusal } from "./play.ts";
import { slashing } from "./slashing.ts";
import { staking } from "./staking.ts";
import { transactions } from "./transactions.ts";

/** Every row there is, by module. */
export const REFUSALS: Readonly<Record<string, readonly Refusal[]>> = {
  transactions,
  auth,
  authz,
  feegrant,
  bank,
  staking,
  distribution,
  slashing,
  gov,
  upgrade,
  params,
  inference,
};

/** Errors that no message of a transaction leads to, and why. */
export const UNREACHED: Readonly<Record<string, string>> = {
  "authz/9": "no message of this chain has two signers",
  "inference/13":
    "a job's id holds the sequence of its transaction, so that no two are alike; the check stands in case they were",
};
