/** The part of Node's Buffer that the SSZ library uses: a view of bytes into which a little-endian integer is written. */
const LengthBuffer = {
  from(buffer: ArrayBuffer, offset: number, length: number) {
    const bytes = new Uint8Array(buffer, offset, length);
    return {
      writeUIntLE(value: number, at: number, width: number): void {
        for (let i = 0, rest = value; i < width; i++, rest = Math.floor(rest / 256)) bytes[at + i] = rest % 256;
      },
    };
  },
};

/**
 * Makes an SSZ type that browsers can make too. While it is being made, the library's lists want the global `Buffer` that only Node has;
 * leaving half of one behind would mislead other libraries of the same page, so it is there for that moment only.
 *
 * @example
 * export const Names = portable(() => new ListCompositeType(Bytes32, 16));
 */
export function portable<T>(make: () => T): T {
  if ("Buffer" in globalThis) return make();
  Object.defineProperty(globalThis, "Buffer", { value: LengthBuffer, configurable: true });
  try {
    return make();
  } finally {
    Reflect.deleteProperty(globalThis, "Buffer");
  }
}
