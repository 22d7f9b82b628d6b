import "../../chain/protobuf-writer.ts";
import { MsgSend, MsgSendResponse } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { expect, test } from "vitest";
import { fromHex } from "../../chain/bytes.ts";

test("a message takes the memory of its own bytes, and they are those of the encoding", () => {
  const amount = [{ denom: "uassay", amount: "1" }];
  const bytes = MsgSend.encode({ fromAddress: "a", toAddress: "b", amount }).finish();
  expect(bytes).toEqual(fromHex("0a0161120162" + "1a0b0a06756173736179120131"));
  expect(bytes.buffer.byteLength).toBe(bytes.length);
  expect(MsgSendResponse.encode({}).finish()).toEqual(new Uint8Array(0));
});
