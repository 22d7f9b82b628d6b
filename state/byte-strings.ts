/** PERF: a Buffer of its own for each key would cost more than copying the key. Used up within one call. */
const scratch = Buffer.alloc(256);

/**
 * Keys as strings of one character per byte (latin1). Their `<` is byte order, Maps take them as keys, and V8 stores
 * them in one byte per character. PERF: about 0.1 µs each way for 30 bytes.
 */
export function toByteString(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > scratch.length) return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("latin1");
  scratch.set(bytes);
  return scratch.toString("latin1", 0, length);
}

/** The inverse of {@link toByteString}; always a fresh array. */
export function fromByteString(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
