import { consensusParams } from "../consensus-params.ts";
import type { Params } from "../params.ts";
import { Block } from "../types/block.ts";
import { MAX_BLOCK_BYTES, MAX_TXS_PER_BLOCK } from "../types/limits.ts";

/** What a transaction takes up of a block, whether it is decoded or not. */
export interface TxSize {
  readonly bytes: number;
  readonly gasLimit: number;
}

/** Room for what travels around a block: its certificate or its proposal, and their offsets. */
const ENVELOPE_BYTES = 4096;

/** Serialised bytes that a block may have: with its certificate it must fit into MAX_BLOCK_BYTES, or no peer could send it. */
export const MAX_SERIALISED_BLOCK = MAX_BLOCK_BYTES - ENVELOPE_BYTES;

/** Where a list of variable-size items says where each begins. */
const OFFSET_BYTES = 4;

/** Counts what a block's transactions take up. Building and validating ask the same object, so that they agree. */
export interface BlockRoom {
  /** Names the limit that one more transaction would break, or undefined. */
  problem(size: TxSize): string | undefined;
  take(size: TxSize): void;
}

/** @param otherBytes serialised size of the block without transactions. */
export function createBlockRoom(params: Params, otherBytes: number): BlockRoom {
  const limits = consensusParams.read(params);
  const maxTxBytes = Number(limits.maxTxBytes);
  const maxBytes = Number(limits.maxBlockBytes);
  const maxGas = Number(limits.maxBlockGas);
  let count = 0;
  let bytes = 0;
  let gas = 0;
  return {
    problem(size) {
      if (size.bytes > maxTxBytes) return `${size.bytes} bytes, at most ${maxTxBytes} are allowed`;
      if (count + 1 > MAX_TXS_PER_BLOCK) return `more than ${MAX_TXS_PER_BLOCK} transactions`;
      if (bytes + size.bytes > maxBytes) return `transactions of more than ${maxBytes} bytes`;
      if (otherBytes + bytes + size.bytes + OFFSET_BYTES * (count + 1) > MAX_SERIALISED_BLOCK) {
        return `a block of more than ${MAX_SERIALISED_BLOCK} bytes`;
      }
      if (gas + size.gasLimit > maxGas) return `gas limits add up to more than ${maxGas}`;
      return undefined;
    },
    take(size) {
      count += 1;
      bytes += size.bytes;
      gas += size.gasLimit;
    },
  };
}

/** Serialised size of a block whose transactions are left out. */
export function bytesWithoutTransactions(block: Block): number {
  return Block.value_serializedSize({ header: block.header, body: { ...block.body, transactions: [] } });
}
