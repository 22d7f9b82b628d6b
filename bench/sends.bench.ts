import { QueryAccountInfoRequest, QueryAccountInfoResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import secp256k1 from "secp256k1";
import { toHex, utf8 } from "../chain/bytes.ts";
import { encodeAddress } from "../chain/crypto/bech32.ts";
import { accountAddress, sha256 } from "../chain/crypto/hash.ts";
import type { ChainSpec } from "../chain/module.ts";
import { signTx } from "../test/simulation/workload.ts";
import { type BenchNetwork, call, heightOf, startNetwork } from "./network.ts";
import { quantile, type Row, report } from "./report.ts";

/**
 * Bank sends through one node's RPC, by many accounts, signed beforehand and offered as fast as the node takes them; the nodes share the
 * machine with this process, which only posts.
 */
const ACCOUNTS = 300;
const SECONDS = Number(process.env.SECONDS ?? 60);
/** Signed for each account; more than any machine this was run on takes. */
const PER_ACCOUNT = SECONDS * 5;
/** Requests under way. */
const CONNECTIONS = 16;
const FUNDING = 1_000_000_000n;
const GAS = 100_000n;

interface Sender {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly address: Uint8Array;
}

interface Block {
  readonly block: { readonly data: { readonly txs: readonly string[] | null } };
}

function sender(privateKey: Uint8Array): Sender {
  const publicKey = secp256k1.publicKeyCreate(privateKey);
  return { privateKey, publicKey, address: accountAddress(publicKey) };
}

async function accountOf(rpc: string, address: string): Promise<{ accountNumber: number; sequence: number }> {
  const data = Buffer.from(QueryAccountInfoRequest.encode({ address }).finish()).toString("hex");
  const path = "/cosmos.auth.v1beta1.Query/AccountInfo";
  const { response } = await call<{ response: { value: string | null } }>(rpc, "abci_query", { path, data });
  const { info } = QueryAccountInfoResponse.decode(Buffer.from(response.value ?? "", "base64"));
  return { accountNumber: Number(info?.accountNumber ?? 0n), sequence: Number(info?.sequence ?? 0n) };
}

async function fund(bench: BenchNetwork, spec: ChainSpec, senders: readonly Sender[]): Promise<void> {
  const [rich] = bench.network.accounts;
  if (rich === undefined) throw new Error("nobody has money");
  const from = sender(rich.privateKey);
  const address = encodeAddress(spec.prefix, from.address);
  const coins = (amount: bigint) => [{ denom: spec.denom, amount: String(amount) }];
  const outputs = senders.map((one) => ({ address: encodeAddress(spec.prefix, one.address), coins: coins(FUNDING) }));
  const { accountNumber, sequence } = await accountOf(bench.rpc, address);
  const PAGE = 25;
  for (let i = 0; i * PAGE < outputs.length; i++) {
    const page = outputs.slice(i * PAGE, (i + 1) * PAGE);
    const inputs = [{ address, coins: coins(FUNDING * BigInt(page.length)) }];
    const value = MsgMultiSend.encode(MsgMultiSend.fromPartial({ inputs, outputs: page })).finish();
    const message = { typeUrl: MsgMultiSend.typeUrl, value };
    const tx = signTx(message, { spec, account: from, accountNumber, sequence: sequence + i, gas: 5_000_000n });
    await post(bench.rpc, tx);
    // Each spends what the one before has left.
    await bench.reach((await heightOf(bench.rpc)) + 2);
  }
}

/** @returns whether the mempool took it; false when it is full. */
async function post(rpc: string, tx: Uint8Array): Promise<boolean> {
  const { code, log } = await call<{ code: number; log: string }>(rpc, "broadcast_tx_sync", {
    tx: Buffer.from(tx).toString("base64"),
  });
  if (code !== 0 && code !== 20) throw new Error(`code ${code}: ${log}`);
  return code === 0;
}

async function run(validators: number, aim: { readonly rate: string; readonly p95?: string }): Promise<Row[]> {
  const bench = await startNetwork({ "consensus.emptyBlockInterval": 500n }, validators);
  try {
    await bench.reach(2);
    const { chainId, prefix, denom } = bench.network;
    const spec: ChainSpec = { chainId, prefix, denom, genesisRoot: new Uint8Array(32) };
    const senders = Array.from({ length: ACCOUNTS }, (_, i) => sender(sha256(utf8(`sender ${i}`))));
    await fund(bench, spec, senders);
    const signed: Uint8Array[][] = [];
    for (const [i, from] of senders.entries()) {
      const fromAddress = encodeAddress(prefix, from.address);
      const toAddress = encodeAddress(prefix, senders[(i + 1) % senders.length]?.address ?? from.address);
      const value = MsgSend.encode({ fromAddress, toAddress, amount: [{ denom, amount: "1" }] }).finish();
      const { accountNumber, sequence } = await accountOf(bench.rpc, fromAddress);
      const sign = (n: number): Uint8Array =>
        signTx(
          { typeUrl: MsgSend.typeUrl, value },
          { spec, account: from, accountNumber, sequence: sequence + n, gas: GAS },
        );
      signed.push(Array.from({ length: PER_ACCOUNT }, (_, n) => sign(n)));
    }
    const offeredAt = new Map<string, number>();
    const latencies: number[] = [];
    let height = (await heightOf(bench.rpc)) + 1;
    const first = height;
    const before = await bench.processorTime();
    const started = performance.now();
    const end = started + SECONDS * 1000;
    let isOver = false;
    async function offer(worker: number): Promise<void> {
      const own = signed.filter((_, i) => i % CONNECTIONS === worker);
      for (let n = 0; n < PER_ACCOUNT; n++) {
        for (const list of own) {
          const tx = list[n];
          if (tx === undefined || performance.now() > end) return;
          offeredAt.set(toHex(sha256(tx)), performance.now());
          while (!(await post(bench.rpc, tx))) {
            if (performance.now() > end) return;
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        }
      }
    }
    async function watch(): Promise<number> {
      let included = 0;
      while (!isOver) {
        if ((await heightOf(bench.rpc)) < height) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          continue;
        }
        const { block } = await call<Block>(bench.rpc, "block", { height: String(height++) });
        const now = performance.now();
        for (const tx of block.data.txs ?? []) {
          const at = offeredAt.get(toHex(sha256(Buffer.from(tx, "base64"))));
          if (at === undefined) continue;
          if (now <= end) included++;
          latencies.push(now - at);
        }
      }
      return included;
    }
    const watching = watch();
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, worker) => offer(worker)));
    await new Promise((resolve) => setTimeout(resolve, 5000));
    isOver = true;
    const included = await watching;
    const spent = (await bench.processorTime()).map((after, i) => (after - (before[i] ?? 0)) * 1000);
    const [serving = 0, ...others] = spent.map((ms) => ms / latencies.length);
    const memory = await bench.memory();
    const of = validators === 1 ? "one validator:" : `${validators} validators:`;
    return [
      { name: `${of} sends in blocks, over ${SECONDS} s`, value: included / SECONDS, unit: "tx/s", aim: aim.rate },
      {
        name: `${of} from the offer until its block is seen, p95`,
        value: quantile(latencies, 0.95) / 1000,
        unit: "s",
        ...(aim.p95 === undefined ? {} : { aim: aim.p95 }),
      },
      { name: `${of} transactions in a block, on average`, value: latencies.length / (height - first), unit: "" },
      { name: `${of} processor time for one, of the node that serves the clients`, value: serving, unit: "ms" },
      ...(others.length === 0
        ? []
        : [{ name: `${of} processor time for one, of another`, value: quantile(others, 0.5), unit: "ms" }]),
      { name: `${of} memory of the largest node afterwards`, value: Math.max(...memory), unit: "MiB" },
    ];
  } finally {
    await bench.stop();
  }
}

report("sends", [...(await run(4, { rate: "≥ 1,000", p95: "≤ 3" })), ...(await run(1, { rate: "≥ 3,000" }))]);
