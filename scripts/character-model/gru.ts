/**
 * A gated recurrent unit over one-hot tokens with a linear read-out (Cho et al., arXiv 1406.1078, in the form of ONNX's GRU with
 * `linear_before_reset`), and its gradient. Gates are in ONNX's order: update, reset, candidate. Doubles; only + - * / and V8's
 * own exp and tanh, so that nothing chooses its code by the CPU and one version of Node gives the same bits.
 */
export interface Weights {
  readonly hidden: number;
  readonly vocabulary: number;
  /** [vocabulary][3·hidden]: what a token adds to the gates. */
  readonly input: Float64Array;
  /** [3·hidden][hidden] */
  readonly recurrent: Float64Array;
  /** [3·hidden], on the token's side and on the state's side. */
  readonly inputBias: Float64Array;
  readonly recurrentBias: Float64Array;
  /** [vocabulary][hidden] */
  readonly output: Float64Array;
  /** [vocabulary] */
  readonly outputBias: Float64Array;
}

export const TENSORS = ["input", "recurrent", "inputBias", "recurrentBias", "output", "outputBias"] as const;

/** All zero. */
export function emptyWeights(hidden: number, vocabulary: number): Weights {
  return {
    hidden,
    vocabulary,
    input: new Float64Array(vocabulary * 3 * hidden),
    recurrent: new Float64Array(3 * hidden * hidden),
    inputBias: new Float64Array(3 * hidden),
    recurrentBias: new Float64Array(3 * hidden),
    output: new Float64Array(vocabulary * hidden),
    outputBias: new Float64Array(vocabulary),
  };
}

/** What the gradient needs of one step. */
interface Step {
  readonly token: number;
  readonly before: Float64Array;
  readonly gates: Float64Array;
  /** The state's part of the candidate, before the reset gate. */
  readonly candidate: Float64Array;
  readonly after: Float64Array;
}

const at = (values: Float64Array, index: number): number => values[index] ?? 0;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function dot(a: Float64Array, from: number, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += at(a, from + i) * at(b, i);
  return sum;
}

/** sum += factor × values[from …] */
function addScaled(sum: Float64Array, sumFrom: number, factor: number, values: Float64Array, from: number, n: number) {
  for (let i = 0; i < n; i++) sum[sumFrom + i] = at(sum, sumFrom + i) + factor * at(values, from + i);
}

/** One token further. */
export function step(weights: Weights, token: number, before: Float64Array): Step {
  const { hidden, input, recurrent, inputBias, recurrentBias } = weights;
  const gates = new Float64Array(3 * hidden);
  const candidate = new Float64Array(hidden);
  const after = new Float64Array(hidden);
  const row = token * 3 * hidden;
  for (let i = 0; i < hidden; i++) {
    const gate = (g: number): number => {
      const j = g * hidden + i;
      return at(input, row + j) + at(inputBias, j);
    };
    const state = (g: number): number => {
      const j = g * hidden + i;
      return dot(recurrent, j * hidden, before) + at(recurrentBias, j);
    };
    const update = sigmoid(gate(0) + state(0));
    const reset = sigmoid(gate(1) + state(1));
    const own = state(2);
    const fresh = Math.tanh(gate(2) + reset * own);
    candidate[i] = own;
    gates[i] = update;
    gates[hidden + i] = reset;
    gates[2 * hidden + i] = fresh;
    after[i] = (1 - update) * fresh + update * at(before, i);
  }
  return { token, before, gates, candidate, after };
}

/** Probabilities of the next token. */
export function nextToken({ vocabulary, hidden, output, outputBias }: Weights, state: Float64Array): Float64Array {
  const odds = new Float64Array(vocabulary);
  let sum = 0;
  for (let v = 0; v < vocabulary; v++) {
    odds[v] = Math.exp(dot(output, v * hidden, state) + at(outputBias, v));
    sum += at(odds, v);
  }
  return odds.map((value) => value / sum);
}

/**
 * Adds the gradient of the cross-entropy of `tokens[1…]`, given what stands before each, to `gradient`.
 * @returns the summed cross-entropy in nats, and the state at the end.
 */
export function backpropagate(
  weights: Weights,
  tokens: readonly number[],
  start: Float64Array,
  gradient: Weights,
): { readonly loss: number; readonly state: Float64Array } {
  const { hidden, vocabulary } = weights;
  const steps: Step[] = [];
  let state = start;
  for (const token of tokens.slice(0, -1)) {
    const done = step(weights, token, state);
    steps.push(done);
    state = done.after;
  }
  let loss = 0;
  let toState = new Float64Array(hidden);
  for (let t = steps.length - 1; t >= 0; t--) {
    const now = steps[t];
    const target = tokens[t + 1];
    if (now === undefined || target === undefined) throw new Error("a step for each token but the last");
    const odds = nextToken(weights, now.after);
    loss -= Math.log(at(odds, target));
    odds[target] = at(odds, target) - 1;
    for (let v = 0; v < vocabulary; v++) {
      const error = at(odds, v);
      addScaled(gradient.output, v * hidden, error, now.after, 0, hidden);
      addScaled(toState, 0, error, weights.output, v * hidden, hidden);
    }
    addScaled(gradient.outputBias, 0, 1, odds, 0, vocabulary);
    toState = stepBack(weights, now, toState, gradient);
  }
  return { loss, state };
}

/** Adds one step's share to `gradient`; returns the gradient with respect to the state before it. */
function stepBack(weights: Weights, now: Step, toAfter: Float64Array, gradient: Weights): Float64Array<ArrayBuffer> {
  const { hidden, recurrent } = weights;
  const { gates, candidate, before } = now;
  const toInput = new Float64Array(3 * hidden);
  const toRecurrent = new Float64Array(3 * hidden);
  const toBefore = new Float64Array(hidden);
  for (let i = 0; i < hidden; i++) {
    const update = at(gates, i);
    const reset = at(gates, hidden + i);
    const fresh = at(gates, 2 * hidden + i);
    const error = at(toAfter, i);
    const toFresh = error * (1 - update) * (1 - fresh * fresh);
    const toUpdate = error * (at(before, i) - fresh) * update * (1 - update);
    const toReset = toFresh * at(candidate, i) * reset * (1 - reset);
    toInput[i] = toUpdate;
    toInput[hidden + i] = toReset;
    toInput[2 * hidden + i] = toFresh;
    toRecurrent[i] = toUpdate;
    toRecurrent[hidden + i] = toReset;
    toRecurrent[2 * hidden + i] = toFresh * reset;
    toBefore[i] = error * update;
  }
  for (let j = 0; j < 3 * hidden; j++) {
    addScaled(gradient.recurrent, j * hidden, at(toRecurrent, j), before, 0, hidden);
    addScaled(toBefore, 0, at(toRecurrent, j), recurrent, j * hidden, hidden);
  }
  addScaled(gradient.input, now.token * 3 * hidden, 1, toInput, 0, 3 * hidden);
  addScaled(gradient.inputBias, 0, 1, toInput, 0, 3 * hidden);
  addScaled(gradient.recurrentBias, 0, 1, toRecurrent, 0, 3 * hidden);
  return toBefore;
}
