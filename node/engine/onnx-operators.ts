/** `ai.onnx` and the empty string are the same domain. */
export const DEFAULT_DOMAIN = "";

const DOMAINS: ReadonlySet<string> = new Set([DEFAULT_DOMAIN, "ai.onnx.ml", "com.microsoft"]);

/** Why an operator can't be voted on, whatever its inputs. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["Multinomial", "draws random numbers"],
  ["Bernoulli", "draws random numbers"],
  ["com.microsoft.Sampling", "draws random numbers"],
  // A NaN's sign and payload, which CPUs choose, would become an ordinary number and escape canonicalisation.
  ["BitCast", "shows the bits of NaN"],
  ["com.microsoft.MurmurHash3", "shows the bits of NaN"],
  ["com.microsoft.EPContext", "runs code of its own"],
]);

/** Steps or shapes that depend on the values: how long a run takes would, too. A model that runs inline has none of them. */
const VARYING: ReadonlySet<string> = new Set([
  "Loop",
  "If",
  "Scan",
  "SequenceMap",
  "NonZero",
  "Unique",
  "Compress",
  "NonMaxSuppression",
  "StringSplit",
  "com.microsoft.BeamSearch",
  "com.microsoft.GreedySearch",
]);

/** The first of a model's operators that keeps it out of the inline lane. */
export function varyingOperator(operators: readonly string[]): string | undefined {
  return operators.find((operator) => VARYING.has(operator));
}

/** Position of the input that says "drop for training". Absent or false, these operators copy. */
const TRAINING_INPUT: ReadonlyMap<string, number> = new Map([
  ["Dropout", 2],
  ["com.microsoft.BitmaskDropout", 2],
  ["com.microsoft.BiasDropout", 4],
  ["com.microsoft.BitmaskBiasDropout", 4],
]);

export function operatorName(domain: string, operator: string): string {
  return domain === DEFAULT_DOMAIN ? operator : `${domain}.${operator}`;
}

/**
 * Why a node must not run, or undefined. `inputs` says which inputs it is given. The training mode is refused whenever it is
 * given at all: it may be computed.
 */
export function refusal(domain: string, operator: string, inputs: readonly boolean[]): string | undefined {
  if (operator === "") return "a node without operator";
  if (!DOMAINS.has(domain)) return `operator ${operator} of the unknown domain ${domain}`;
  const name = operatorName(domain, operator);
  const reason = operator.startsWith("Random") ? "draws random numbers" : REFUSED.get(name);
  if (reason !== undefined) return `operator ${name} ${reason}`;
  const training = TRAINING_INPUT.get(name);
  if (training !== undefined && inputs[training] === true) return `operator ${name} with a training mode`;
  return undefined;
}
