/** What the model can write, in the order of its tokens. */
export const ALPHABET = "\n abcdefghijklmnopqrstuvwxyz.,:;'()-";

/** Bytes of a prompt: shorter ones are filled with spaces on the left. */
export const PROMPT_BYTES = 32;

/** Bytes of an output. */
export const TEXT_BYTES = 64;

const SPACE = ALPHABET.indexOf(" ");

/** Token of each of the 256 bytes: capitals count as small letters, and whatever the alphabet lacks as a space. */
export function tokenOfByte(): number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const token = ALPHABET.indexOf(String.fromCharCode(byte).toLowerCase());
    return byte < 128 && token >= 0 ? token : SPACE;
  });
}

/** @throws Error for a character outside the alphabet. */
export function tokensOf(text: string): number[] {
  return Array.from(text, (character) => {
    const token = ALPHABET.indexOf(character);
    if (token < 0) throw new Error(`the alphabet has no ${JSON.stringify(character)}`);
    return token;
  });
}
