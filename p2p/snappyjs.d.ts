declare module "snappyjs" {
  /** Raw snappy block format. */
  export function compress(bytes: Uint8Array): Uint8Array;
}
