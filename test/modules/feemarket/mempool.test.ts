import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { expect, test } from "vitest";
import { messageRegistry, type Runtime } from "../../../chain/executor/runtime.ts";
import { ante } from "../../../modules/auth/ante.ts";
import { createMempool } from "../../../node/mempool.ts";
import { silentLog } from "../../node-parts/silent-log.ts";
import { accountOf, BLS, createNetwork, MODULES, SPEC } from "../network.ts";
import { bytesOfTx, fund, signed, walletOf } from "../transactions.ts";

const FULL = 40_000_000n;

test("the mempool asks for the next block's base fee, and lets go of what it no longer covers", async () => {
  const net = createNetwork();
  const runtime: Runtime = { spec: SPEC, modules: MODULES, ante, bls: BLS };
  const mempool = createMempool({
    runtime,
    registry: messageRegistry(runtime),
    latest: () => net.store,
    block: () => net.context().block,
    maxTxs: 10,
    maxBytes: 1_000_000,
    log: silentLog(),
  });
  const message = (from: string) => ({
    typeUrl: MsgSend.typeUrl,
    value: MsgSend.fromPartial({
      fromAddress: from,
      toAddress: accountOf("new"),
      amount: [{ denom: "uassay", amount: "1" }],
    }),
  });
  const pay = async (account: number, amount: number) => {
    const wallet = await walletOf(account);
    fund(net, wallet.bytes);
    const fee = { amount: [{ denom: "uassay", amount: amount.toString() }], gas: "1000000" };
    return bytesOfTx(await signed(net, wallet, "direct", [message(wallet.address)], { fee }));
  };
  const [cheap, dear] = [await pay(0, 25_000), await pay(1, 30_000)];
  expect(mempool.add(cheap).code).toBe(0);
  expect(mempool.add(dear).code).toBe(0);
  net.block({ gasWanted: FULL });
  mempool.committed([]);
  expect(mempool.transactions().map(({ fee }) => fee[0]?.amount)).toEqual([30_000n]);
  const refused = mempool.check(cheap);
  expect([refused.code, refused.log]).toEqual([
    13,
    expect.stringContaining("insufficient fees; got: 25000uassay required: 28125uassay"),
  ]);
  net.block();
  mempool.committed([]);
  expect(mempool.add(cheap).code).toBe(0);
});
