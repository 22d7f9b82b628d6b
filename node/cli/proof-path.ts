import { fromHex } from "../../chain/bytes.ts";
import { type FieldPath, fieldAt } from "../../chain/field-path.ts";
import type { StateQuestion } from "../../client/proofs.ts";
import { accounts } from "../../modules/auth/store.ts";
import { balances, supplies } from "../../modules/bank/store.ts";
import { jobs, models } from "../../modules/inference/store.ts";
import { validators } from "../../modules/staking/store.ts";
import type { Collection } from "../../state/collections.ts";
import { UserError } from "../user-error.ts";
import { decodeAnyAddress } from "./addresses.ts";

type Question = StateQuestion<unknown, FieldPath>;

function root(text: string): Uint8Array {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new UserError(`"${text.slice(0, 80)}" is not 64 hexadecimal digits`);
  return fromHex(text);
}

function field<K, V>(of: Collection<K, V>, key: K, path: readonly string[]): Question {
  const names = path.flatMap((part) => part.split("."));
  if (fieldAt(of.type, names) === undefined) {
    throw new UserError(`there is no field ${names.join(".").slice(0, 80)} to prove`);
  }
  return { key: of.storeKey(key), type: of.type, path: names };
}

/** How each kind of thing is named, behind its own name. */
const KINDS: Readonly<Record<string, { readonly form: string; ask(parts: readonly string[]): Question | undefined }>> =
  {
    balance: {
      form: "<address>/<denomination>",
      ask: ([address, denom, ...rest]) =>
        address === undefined || denom === undefined
          ? undefined
          : field(balances, [decodeAnyAddress(address), denom], rest),
    },
    supply: {
      form: "<denomination>",
      ask: ([denom, ...rest]) => (denom === undefined ? undefined : field(supplies, denom, rest)),
    },
    account: {
      form: "<address>[/field]",
      ask: ([address, ...rest]) =>
        address === undefined ? undefined : field(accounts, decodeAnyAddress(address), rest),
    },
    validator: {
      form: "<operator>[/field]",
      ask: ([operator, ...rest]) =>
        operator === undefined ? undefined : field(validators, decodeAnyAddress(operator), rest),
    },
    model: {
      form: "<root>[/field]",
      ask: ([model, ...rest]) => (model === undefined ? undefined : field(models, root(model), rest)),
    },
    job: {
      form: "<id>[/field]",
      ask: ([job, ...rest]) => (job === undefined ? undefined : field(jobs, root(job), rest)),
    },
  };

/** What a path may look like, for help. */
export const PROOF_PATHS: string = Object.entries(KINDS)
  .map(([kind, { form }]) => `${kind}/${form}`)
  .join(", ");

/**
 * What of the state a path such as `balance/assay1…/uassay` or `validator/assayvaloper1…/commission.rate` means.
 * @throws UserError
 */
export function parseProofPath(path: string): Question {
  const [kind = "", ...parts] = path.split("/");
  const question = Object.hasOwn(KINDS, kind) ? KINDS[kind]?.ask(parts) : undefined;
  if (question === undefined) throw new UserError(`"${path.slice(0, 80)}" is none of ${PROOF_PATHS}`);
  return question;
}
