import { toBase64 } from "@cosmjs/encoding";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { SigningStargateClient } from "@cosmjs/stargate";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { call, heightOf, startNetwork } from "./network.ts";
import { report } from "./report.ts";

/** Bank sends through RPC: ten accounts, signed beforehand, offered as fast as the node takes them. */
const PER_ACCOUNT = 400;

interface Block {
  readonly block: {
    readonly header: { readonly time: string };
    readonly data: { readonly txs: readonly string[] | null };
  };
}

const bench = await startNetwork({});
try {
  await bench.reach(2);
  const { accounts, chainId, prefix, denom } = bench.network;
  const client = await SigningStargateClient.connect(bench.rpc);
  const signed: string[][] = [];
  for (const account of accounts) {
    const wallet = await DirectSecp256k1Wallet.fromKey(account.privateKey, prefix);
    const [own] = await wallet.getAccounts();
    if (own === undefined) throw new Error("a wallet has an account");
    const signer = await SigningStargateClient.offline(wallet);
    const { accountNumber, sequence } = await client.getSequence(own.address);
    const fee = { gas: "100000", amount: [{ denom, amount: "2500" }] };
    const value = { fromAddress: own.address, toAddress: own.address, amount: [{ denom, amount: "1" }] };
    const message = { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value };
    const list: string[] = [];
    for (let i = 0; i < PER_ACCOUNT; i++) {
      const at = { accountNumber, sequence: Number(sequence) + i, chainId };
      const tx = await signer.sign(own.address, [message], fee, "", at as never);
      list.push(toBase64(TxRaw.encode(tx).finish()));
    }
    signed.push(list);
  }
  const from = (await heightOf(bench.rpc)) + 1;
  const started = performance.now();
  const offer = async (list: readonly string[]): Promise<void> => {
    for (const tx of list) {
      for (;;) {
        const { code, log } = await call<{ code: number; log: string }>(bench.rpc, "broadcast_tx_sync", { tx });
        if (code === 0) break;
        if (code !== 20) throw new Error(`code ${code}: ${log}`);
        await new Promise((resolve) => setTimeout(resolve, 50)); // The mempool is full.
      }
    }
  };
  await Promise.all(signed.map(offer));
  const offeredMs = performance.now() - started;
  const total = PER_ACCOUNT * accounts.length;
  let included = 0;
  let last = from;
  for (let height = from; included < total; height++) {
    await bench.reach(height);
    const { block } = await call<Block>(bench.rpc, "block", { height: String(height) });
    included += block.data.txs?.length ?? 0;
    last = height;
  }
  const seconds = (performance.now() - started) / 1000;
  report("sends", [
    { name: `bank sends, ${total} through one node's RPC, included`, value: total / seconds, unit: "tx/s" },
    { name: "bank sends, taken by broadcast_tx_sync", value: (total * 1000) / offeredMs, unit: "tx/s" },
    { name: "blocks they took", value: last - from + 1, unit: "blocks" },
  ]);
  client.disconnect();
} finally {
  await bench.stop();
}
