import { describe, expect, test } from "vitest";
import type { Clock, SignedPosition } from "../../consensus/driver/ports.ts";
import type { WalRecord } from "../../consensus/wal/records.ts";
import type { Wal } from "../../consensus/wal/wal.ts";
import { createDeferrableWal } from "../../node/deferrable-wal.ts";
import { createVotingGate } from "../../node/voting-gate.ts";
import { silentLog } from "./silent-log.ts";

function setup(options: { readonly lastSigned?: SignedPosition; readonly hasPeers?: boolean; readonly tip?: number }) {
  let now = 0;
  let tip = options.tip ?? 0;
  const clock: Clock = { now: () => now, after: () => () => undefined };
  const signer = {
    publicKey: new Uint8Array(48),
    lastSigned: options.lastSigned,
    signVote: () => Promise.resolve(new Uint8Array(96)),
    signProposal: () => Promise.resolve(new Uint8Array(96)),
    randaoReveal: () => Promise.resolve(new Uint8Array(96)),
    close: () => undefined,
  };
  const gate = createVotingGate({
    signer,
    tip: () => tip,
    hasPeers: options.hasPeers ?? true,
    clock,
    log: silentLog(),
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  const grow = (blocks: number): void => {
    tip += blocks;
  };
  return { gate, pass, grow, paused: () => gate.signer.paused };
}

const SIGNED: SignedPosition = { height: 7, round: 0, step: "precommit" };

describe("a validator votes", () => {
  test("at once without peers", () => {
    expect(setup({ hasPeers: false }).paused()).toBe(false);
  });

  test("at genesis as soon as one peer has said that it is there too", async () => {
    const { gate, paused } = setup({});
    expect(paused()).toBe(true);
    gate.stand("level");
    expect(paused()).toBe(false);
    await gate.settled(1);
  });

  test("with its sign state, as soon as it is where its peers are, or after a while when they are silent", () => {
    const known = setup({ lastSigned: SIGNED, tip: 7 });
    known.gate.stand("level");
    expect(known.paused()).toBe(false);
    const alone = setup({ lastSigned: SIGNED, tip: 7 });
    alone.gate.stand("alone");
    expect(alone.paused()).toBe(true);
    alone.pass(15_000);
    alone.gate.stand("alone");
    expect(alone.paused()).toBe(false);
  });

  test("without a sign state on a chain that has begun, only after it has watched", () => {
    const byHeights = setup({ tip: 7 });
    byHeights.gate.stand("level");
    expect(byHeights.paused()).toBe(true);
    byHeights.grow(2);
    byHeights.gate.stand("level");
    expect(byHeights.paused()).toBe(false);
    const byTime = setup({ tip: 7 });
    byTime.gate.stand("level");
    byTime.pass(10_000);
    byTime.gate.stand("level");
    expect(byTime.paused()).toBe(false);
    const alone = setup({ tip: 7 });
    alone.pass(1_000_000);
    alone.gate.stand("alone");
    expect(alone.paused()).toBe(true);
  });

  test("not while it commits the blocks of others, and again when it has caught up", () => {
    const { gate, paused } = setup({ lastSigned: SIGNED, tip: 7 });
    gate.stand("catchingUp");
    expect(paused()).toBe(true);
    gate.stand("level");
    expect(paused()).toBe(false);
    gate.stand("catchingUp");
    expect(paused()).toBe(true);
    gate.stand("level");
    expect(paused()).toBe(false);
  });

  test("although a peer claims heights that it does not have: claims silence nobody", () => {
    const open = setup({ lastSigned: SIGNED, tip: 7 });
    open.gate.stand("level");
    open.gate.stand("behind");
    expect(open.paused()).toBe(false);
    const beginning = setup({ tip: 7 });
    beginning.gate.stand("behind");
    expect(beginning.paused()).toBe(true);
    beginning.pass(15_000);
    beginning.gate.stand("behind");
    expect(beginning.paused()).toBe(false);
  });
});

test("a log that keeps silent never leads beyond the database, and then knows the height that has begun", () => {
  const lines: string[] = [];
  const inner = {
    append: ({ kind }: WalRecord) => void lines.push(kind),
    startHeight: (height: number) => void lines.push(`start ${height}`),
    isLarge: () => true,
  } as unknown as Wal;
  const wal = createDeferrableWal(inner);
  const record: WalRecord = { kind: "timeout", timeout: "propose", round: 0 };
  wal.startHeight(1);
  wal.append(record);
  wal.defer();
  wal.startHeight(2);
  wal.append(record);
  wal.startHeight(3);
  expect([lines, wal.isLarge()]).toEqual([["start 1", "timeout"], false]);
  wal.resume();
  wal.append(record);
  wal.defer();
  wal.resume();
  expect(lines).toEqual(["start 1", "timeout", "start 3", "timeout"]);
});
