import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Uint32, Uint64 } from "./primitives.ts";

/** The version of the block format and of the state transition. */
export const BLOCK_VERSION = 1;

/** Block id = hash_tree_root(header). `time` is milliseconds since the Unix epoch. */
export const Header = new ContainerType(
  {
    version: Uint32,
    height: Uint64,
    time: Uint64,
    parentId: Bytes32,
    proposerIndex: Uint32,
    bodyRoot: Bytes32,
    /** After this block. */
    stateRoot: Bytes32,
    receiptsRoot: Bytes32,
    /** The set that votes on this block. */
    validatorsRoot: Bytes32,
    nextValidatorsRoot: Bytes32,
    /** The parameters in force for this block. */
    paramsRoot: Bytes32,
    beacon: Bytes32,
    /** The round that the block was built in: a later proposal of it keeps it. */
    round: Uint32,
  },
  { typeName: "Header" },
);
export type Header = ValueOf<typeof Header>;
