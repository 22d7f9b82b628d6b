/**
 * Random numbers inside the graph, by integers only: L'Ecuyer's combination of two multiplicative generators (CACM 31, 1988). Number
 * n of a generator is start × multiplier^n mod modulus, so one multiplication by constants gives all of them at once, and no product
 * passes 2^62. It is no cryptography: whoever knows the seed knows the text, as with everything on a chain.
 */
export interface Generator {
  readonly name: string;
  readonly modulus: number;
  readonly multiplier: number;
}

export const GENERATORS: readonly [Generator, Generator] = [
  { name: "first", modulus: 2147483563, multiplier: 40014 },
  { name: "second", modulus: 2147483399, multiplier: 40692 },
];

export const SEED_BYTES = 32;

/** `count` powers of the multiplier, from the `first` on. */
export function powers({ modulus, multiplier }: Generator, first: number, count: number): number[] {
  let power = 1n;
  const list: number[] = [];
  for (let n = 0; n < first + count; n++) {
    if (n >= first) list.push(Number(power));
    power = (power * BigInt(multiplier)) % BigInt(modulus);
  }
  return list;
}

/** Numbers that are skipped between those that weigh the seed's bytes and those that are drawn. */
export const SKIPPED = 1000;

/** The numbers in [0, 1) that the graph draws for a seed; each a multiple of 2^-24, so exact in 32 bits. */
export function uniforms(seed: Uint8Array, count: number): number[] {
  const [first, second] = GENERATORS.map((generator) => {
    const modulus = BigInt(generator.modulus);
    const weights = powers(generator, 1, SEED_BYTES);
    const sum = weights.reduce((total, weight, i) => total + BigInt(weight) * BigInt(seed[i] ?? 0), 0n);
    const start = (sum % (modulus - 1n)) + 1n;
    return powers(generator, SKIPPED, count).map((power) => (start * BigInt(power)) % modulus);
  });
  const modulus = BigInt(GENERATORS[0].modulus - 1);
  return Array.from({ length: count }, (_, n) => {
    const mixed = ((first?.[n] ?? 0n) - (second?.[n] ?? 0n) + modulus) % modulus;
    return Number(mixed / 128n) / 2 ** 24;
  });
}
