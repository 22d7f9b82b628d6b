/** The Cosmos SDK's rule for denominations: a letter, then 2 to 127 letters, digits and `/:._-`. */
const DENOM = /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/;

export function isDenom(text: string): boolean {
  return DENOM.test(text);
}
