import { backpropagate, emptyWeights, TENSORS, type Weights } from "./gru.ts";

export interface Training {
  readonly hidden: number;
  readonly epochs: number;
  /** Places of the text that are read side by side. */
  readonly streams: number;
  /** Tokens through which a gradient flows back. */
  readonly window: number;
  readonly rate: number;
  readonly seed: number;
}

/** Under two minutes on one core of 2026. */
export const TRAINING: Training = { hidden: 96, epochs: 12, streams: 8, window: 32, rate: 0.004, seed: 1 };

const MOMENTUM = 0.9;
const SQUARES = 0.99;
/** Longest gradient of one update, for each tensor. */
const LONGEST = 1;

/** Park and Miller's generator (CACM 31, 1988), in [-1, 1). */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 1073741823.5 - 1;
  };
}

function firstWeights({ hidden, seed }: Training, vocabulary: number): Weights {
  const weights = emptyWeights(hidden, vocabulary);
  const draw = noise(seed);
  const scale = 1 / Math.sqrt(hidden);
  for (const name of ["input", "recurrent", "output"] as const) {
    const tensor = weights[name];
    for (let i = 0; i < tensor.length; i++) tensor[i] = scale * draw();
  }
  return weights;
}

/** One update by Adam (arXiv 1412.6980) without the correction of its first steps; clears the gradient. */
function update(values: Float64Array, gradient: Float64Array, mean: Float64Array, square: Float64Array, rate: number) {
  let length = 0;
  for (const g of gradient) length += g * g;
  length = Math.sqrt(length);
  const clip = length > LONGEST ? LONGEST / length : 1;
  for (let i = 0; i < values.length; i++) {
    const g = (gradient[i] ?? 0) * clip;
    const m = MOMENTUM * (mean[i] ?? 0) + (1 - MOMENTUM) * g;
    const s = SQUARES * (square[i] ?? 0) + (1 - SQUARES) * g * g;
    mean[i] = m;
    square[i] = s;
    values[i] = (values[i] ?? 0) - (rate * m) / (Math.sqrt(s) + 1e-8);
  }
  gradient.fill(0);
}

/**
 * Trains on a text. The same text and settings give the same weights, bit for bit, under one version of Node.
 * @param report is told the mean cross-entropy of each epoch, in nats for each character.
 */
export function train(
  tokens: readonly number[],
  vocabulary: number,
  training: Training,
  report: (epoch: number, loss: number) => void,
): Weights {
  const { hidden, epochs, streams, window, rate } = training;
  const weights = firstWeights(training, vocabulary);
  const gradient = emptyWeights(hidden, vocabulary);
  const mean = emptyWeights(hidden, vocabulary);
  const square = emptyWeights(hidden, vocabulary);
  const length = Math.floor(tokens.length / streams);
  const updates = Math.floor((length - 1) / window);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const states = Array.from({ length: streams }, () => new Float64Array(hidden));
    let loss = 0;
    for (let u = 0; u < updates; u++) {
      for (const [s, state] of states.entries()) {
        const from = s * length + u * window;
        const done = backpropagate(weights, tokens.slice(from, from + window + 1), state, gradient);
        states[s] = new Float64Array(done.state);
        loss += done.loss;
      }
      const now = rate * (1 - (0.95 * ((epoch - 1) * updates + u)) / (epochs * updates));
      for (const name of TENSORS) {
        const share = gradient[name];
        for (let i = 0; i < share.length; i++) share[i] = (share[i] ?? 0) / (streams * window);
        update(weights[name], share, mean[name], square[name], now);
      }
    }
    report(epoch, loss / (updates * streams * window));
  }
  return weights;
}
