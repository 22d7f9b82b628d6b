import { expect, test } from "vitest";
import { tokenOfByte, tokensOf } from "../../scripts/character-model/alphabet.ts";
import { backpropagate, emptyWeights, TENSORS, type Weights } from "../../scripts/character-model/gru.ts";
import { train } from "../../scripts/character-model/train.ts";

const TOKENS = [0, 3, 1, 2, 2, 0, 1];

function exampleWeights(): Weights {
  const weights = emptyWeights(3, 4);
  let n = 0;
  for (const name of TENSORS) for (let i = 0; i < weights[name].length; i++) weights[name][i] = Math.sin(++n);
  return weights;
}

/** The largest difference between the gradient and what small steps show. */
function gradientError(distort: (gradient: Weights) => void): number {
  const weights = exampleWeights();
  const start = Float64Array.of(0.3, -0.2, 0.1);
  const gradient = emptyWeights(3, 4);
  backpropagate(weights, TOKENS, start, gradient);
  distort(gradient);
  const loss = (): number => backpropagate(weights, TOKENS, start, emptyWeights(3, 4)).loss;
  const h = 1e-5;
  let worst = 0;
  for (const name of TENSORS) {
    for (let i = 0; i < weights[name].length; i++) {
      const value = weights[name][i] ?? 0;
      weights[name][i] = value + h;
      const above = loss();
      weights[name][i] = value - h;
      const slope = (above - loss()) / (2 * h);
      weights[name][i] = value;
      worst = Math.max(worst, Math.abs(slope - (gradient[name][i] ?? 0)));
    }
  }
  return worst;
}

test("the gradient is that of the loss, and a wrong one is seen", () => {
  expect(gradientError(() => undefined)).toBeLessThan(1e-7);
  const planted = ({ recurrent }: Weights): void => {
    recurrent[0] = (recurrent[0] ?? 0) + 1e-4;
  };
  expect(gradientError(planted)).toBeGreaterThan(5e-5);
});

test("training lowers the loss, and gives the same bits again", () => {
  const settings = { hidden: 8, epochs: 6, streams: 2, window: 8, rate: 0.02, seed: 1 };
  const tokens = tokensOf("a quorum is more than two thirds.\n".repeat(20));
  const losses: number[] = [];
  const weights = train(tokens, 36, settings, (_, loss) => losses.push(loss));
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
  expect(train(tokens, 36, settings, () => undefined)).toEqual(weights);
  expect(train(tokens, 36, { ...settings, seed: 2 }, () => undefined)).not.toEqual(weights);
});

test("bytes become tokens: capitals as small letters, the rest as spaces", () => {
  const table = tokenOfByte();
  const [space, a] = tokensOf(" a");
  expect(table).toHaveLength(256);
  expect([table[0x61], table[0x41], table[0x20], table[0x00], table[0xe4], table[0x37]]).toEqual([
    a,
    a,
    space,
    space,
    space,
    space,
  ]);
  expect(() => tokensOf("7")).toThrow('the alphabet has no "7"');
});
