import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "../node/ssz-hasher.ts";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import secp256k1 from "secp256k1";
import { utf8 } from "../chain/bytes.ts";
import { encodeAddress } from "../chain/crypto/bech32.ts";
import { createBls } from "../chain/crypto/bls.ts";
import { accountAddress, sha256 } from "../chain/crypto/hash.ts";
import { rememberingBls } from "../chain/crypto/remembering-bls.ts";
import { decodeTx } from "../chain/decode-tx.ts";
import { runTx } from "../chain/executor/run-tx.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { Genesis } from "../genesis/document.ts";
import { ante } from "../modules/auth/ante.ts";
import { accounts } from "../modules/auth/store.ts";
import { balances } from "../modules/bank/store.ts";
import { modules } from "../modules/registry.ts";
import { ensureGenesis } from "../node/genesis-state.ts";
import { openLevelStore } from "../state/level-store.ts";
import { createOverlay } from "../state/overlay.ts";
import { signTx } from "../test/simulation/workload.ts";
import { diskUse, USE_PARTS } from "./disk-use.ts";
import { quantile, type Row, report } from "./report.ts";
import { lonelyLedger, makeNetwork, nextBlock } from "./sync-chain.ts";

/** What a bank send costs a node: the check at its door, its execution, its block, and the disk. */
const ACCOUNTS = 400;
/** As many as maxBlockGas has room for. */
const PER_BLOCK = 400;
const BLOCKS = Number(process.env.BLOCKS ?? 60);
const KEPT = 20;
const GAS = 100_000n;
const FIRST_NUMBER = 1_000_000;

const senders = Array.from({ length: ACCOUNTS }, (_, i) => {
  const privateKey = sha256(utf8(`sender ${i}`));
  const publicKey = secp256k1.publicKeyCreate(privateKey);
  return { privateKey, publicKey, address: accountAddress(publicKey) };
});

function sendsOf(genesis: Genesis, sequence: number): Uint8Array[] {
  const { spec } = genesis;
  const text = (address: Uint8Array): string => encodeAddress(spec.prefix, address);
  return senders.map((from, i) => {
    const to = senders[(i + 1 + sequence) % ACCOUNTS] ?? from;
    const amount = [{ denom: spec.denom, amount: "1" }];
    const value = MsgSend.encode({ fromAddress: text(from.address), toAddress: text(to.address), amount }).finish();
    const signing = { spec, account: from, accountNumber: FIRST_NUMBER + i, sequence, gas: GAS };
    return signTx({ typeUrl: MsgSend.typeUrl, value }, signing);
  });
}

/** Modules whose genesis also makes the senders. */
function withSenders(genesis: Genesis): Runtime["modules"] {
  return modules.map((module) => {
    if (module.name !== "bank") return module;
    const { genesis: section } = module;
    return {
      ...module,
      genesis: {
        ...section,
        init(ctx, value) {
          section.init(ctx, value);
          for (const [i, { address }] of senders.entries()) {
            const record = { publicKey: new Uint8Array(0), accountNumber: FIRST_NUMBER + i, sequence: 0 };
            accounts.set(ctx.store, address, record);
            balances.set(ctx.store, [address, genesis.spec.denom], 10n ** 9n);
          }
        },
      },
    } satisfies typeof module;
  });
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

interface Mode {
  readonly name: string;
  readonly retainBlocks: number;
  readonly retention: number;
}

async function measure(folder: string, mode: Mode): Promise<Row[]> {
  const { genesis, keys } = await makeNetwork(folder, Date.UTC(2026, 0, 1));
  const bls = rememberingBls(createBls());
  const runtime: Runtime = { spec: genesis.spec, modules: withSenders(genesis), ante, bls };
  const path = join(folder, mode.name);
  const options = { retention: mode.retention };
  const fresh = await openLevelStore(path, options);
  await ensureGenesis(runtime, fresh, genesis, path);
  await fresh.close();
  const before = await diskUse(path);
  const store = await openLevelStore(path, options);
  const mempool = { maxTxs: 2 * PER_BLOCK, maxBytes: 16 * 1024 * 1024 };
  const ledger = lonelyLedger({ runtime, store, mempool, retainBlocks: mode.retainBlocks });
  const times = { check: [] as number[], run: [] as number[], build: [] as number[], commit: [] as number[] };
  for (let block = 0; block < BLOCKS; block++) {
    const txs = sendsOf(genesis, block);
    const check = cpuMs(() => {
      for (const tx of txs) if (ledger.mempool.add(tx).code !== 0) throw new Error(ledger.mempool.add(tx).log);
    });
    const decoded = txs.map((tx) => decodeTx(tx, ledger.registry, genesis.spec));
    const environment = { block: ledger.pendingBlock(), bls, ante };
    const run = cpuMs(() => {
      const overlay = createOverlay(store.latest);
      for (const tx of decoded) if (runTx(environment, overlay, tx, "deliver").code !== 0) throw new Error("it failed");
    });
    const begun = performance.now();
    const certified = await nextBlock(ledger.app, { genesis, keys, bls });
    const built = performance.now();
    await ledger.app.commit(certified);
    times.check.push(check);
    times.run.push(run);
    times.build.push(built - begun);
    times.commit.push(performance.now() - built);
    if (certified.block.body.transactions.length !== PER_BLOCK) throw new Error("a block without all transactions");
  }
  await store.close();
  const after = await diskUse(path);
  const each = (values: readonly number[]): number => (quantile(values.slice(BLOCKS / 3), 0.5) * 1000) / PER_BLOCK;
  const sends = PER_BLOCK * (mode.retainBlocks === 0 ? BLOCKS : mode.retainBlocks);
  const parts = USE_PARTS.map((part): Row => {
    const name = `${mode.name}: on the disk for a send, ${part}`;
    return { name, value: (after[part] - before[part]) / sends, unit: "bytes" };
  });
  const timed: Row[] = [
    { name: "check in the mempool, signature included, processor time", value: each(times.check), unit: "µs" },
    { name: "execution of a decoded send, processor time", value: each(times.run), unit: "µs", aim: "≤ 40" },
    { name: "its part of building a block", value: each(times.build), unit: "µs" },
    { name: "its part of committing a block, level, synced", value: each(times.commit), unit: "µs" },
  ];
  return mode.retainBlocks === 0 ? [...timed, ...parts] : parts;
}

const folder = mkdtempSync(join(tmpdir(), "assay-bench-execution-"));
try {
  const archive = { name: "archive", retainBlocks: 0, retention: Number.MAX_SAFE_INTEGER };
  const pruned = { name: "pruned", retainBlocks: KEPT, retention: KEPT };
  report("execution", [...(await measure(folder, archive)), ...(await measure(folder, pruned))]);
} finally {
  rmSync(folder, { recursive: true });
}
