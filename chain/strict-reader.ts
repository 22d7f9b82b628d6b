import { BinaryReader } from "cosmjs-types/binary";

/**
 * A protobuf reader for bytes that a block may hold. The generated decoders skip unknown groups by recursion, so whether deeply nested
 * ones decode would depend on the stack that a node happens to have, and nodes could disagree about one transaction. No message of this
 * chain has groups: they are refused.
 */
class StrictReader extends BinaryReader {
  override skipType(wireType: number): this {
    if (wireType === 3 || wireType === 4) throw new Error("groups are not supported");
    return super.skipType(wireType);
  }
}

/** For every generated `decode` in a state transition. */
export function strictReader(bytes: Uint8Array): BinaryReader {
  return new StrictReader(bytes);
}
