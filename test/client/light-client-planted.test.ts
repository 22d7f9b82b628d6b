import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { LightBlock } from "../../chain/types/light-block.ts";
import type { createLightClient, LightClient } from "../../client/light-client.ts";
import type { LightProvider } from "../../client/light-provider.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import {
  at,
  BLS,
  certify,
  GENESIS_ROOT,
  justAfter,
  makeChain,
  PARAMS,
  type Seat,
  steady,
} from "../light/chain-maker.ts";

const ROOT = join(import.meta.dirname, "../..");
const SOURCE = readFileSync(join(ROOT, "client/light-client.ts"), "utf8");
mkdirSync(join(ROOT, ".test"), { recursive: true });
const folder = mkdtempSync(join(ROOT, ".test/light-client-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SEATS: readonly Seat[] = [
  [1, 10],
  [2, 10],
  [3, 10],
];
const CHAIN = makeChain(steady(SEATS, 8));
const FORK = makeChain(steady(SEATS, 4), { base: CHAIN.slice(0, 4), salt: 1 });
const FORGED = [...CHAIN.slice(0, 7), certify(at(CHAIN, 8).header, SEATS, [1])];
const OTHER = makeChain(steady(SEATS, 8), { salt: 1 });
/** The parents of block 3 are not those of the chain. */
const REWRITTEN = [...makeChain(steady(SEATS, 2), { salt: 1 }), ...CHAIN.slice(2)];

const provider = (name: string, chain: readonly LightBlock[]): LightProvider => ({
  name,
  lightBlock: async (height = chain.length) => chain[height - 1],
});

interface Scene {
  readonly primary: LightProvider;
  readonly witnesses: readonly LightProvider[];
  act(client: LightClient): Promise<LightBlock>;
}

const update = (client: LightClient): Promise<LightBlock> => client.update();
const SCENES = {
  "an attack with one honest witness": {
    primary: provider("fork", FORK),
    witnesses: [provider("honest", CHAIN)],
    act: update,
  },
  "no witness that has the block": {
    primary: provider("p", CHAIN),
    witnesses: [provider("behind", CHAIN.slice(0, 4))],
    act: update,
  },
  "no witness left": { primary: provider("gone", []), witnesses: [provider("only", CHAIN)], act: update },
  "a forged block": { primary: provider("forger", FORGED), witnesses: [], act: update },
  "rewritten parents": { primary: provider("p", REWRITTEN), witnesses: [], act: (client) => client.verify(1) },
  "another first block": { primary: provider("p", OTHER), witnesses: [], act: async (client) => client.latest },
} as const satisfies Record<string, Scene>;
type SceneName = keyof typeof SCENES;

/** Each check, what stands there without it, and what then goes wrong unseen. */
const CHECKS: readonly (readonly [check: string, without: string, scene: SceneName])[] = [
  ["await crossCheck(from, advance.trace);", "", "an attack with one honest witness"],
  ["if (confirmed === 0) throw", "if (false) throw", "no witness that has the block"],
  ["if (witnesses.length === 0) throw", "if (witnesses.length === 0) return; else if (false) throw", "no witness left"],
  ["if (!advance.ok) throw", "if (!advance.ok) return target; else if (false) throw", "a forged block"],
  [
    "if (rejection !== undefined) throw rejectionError(from.name, parent",
    "if (false) throw rejectionError(from.name, parent",
    "rewritten parents",
  ],
  [
    "if (rejection !== undefined) throw rejectionError(from.name, options",
    "if (false) throw rejectionError(from.name, options",
    "another first block",
  ],
];

/** @returns whether something was trusted that must not be. */
async function isMisled(create: typeof createLightClient, scene: Scene): Promise<boolean> {
  const { primary, witnesses } = scene;
  try {
    const client = await create({
      genesisRoot: GENESIS_ROOT,
      trust: { height: 3, blockId: lightBlockId(at(CHAIN, 3)) },
      trustingPeriod: PARAMS.trustingPeriod,
      primary,
      witnesses,
      bls: BLS,
      now: () => justAfter(CHAIN),
      witnessPatience: { attempts: 1, waitMs: 0 },
    });
    await scene.act(client);
    return true;
  } catch (error) {
    if (error instanceof Error && error.name.startsWith("LightClient")) return false;
    throw error;
  }
}

async function createFrom(name: string, source: string): Promise<typeof createLightClient> {
  const file = join(folder, `${name}.ts`);
  const moved = source.replaceAll('from "../', 'from "../../').replaceAll('from "./', 'from "../../client/');
  writeFileSync(file, moved);
  return ((await import(file)) as { createLightClient: typeof createLightClient }).createLightClient;
}

test.each(CHECKS.map((row, index) => [row[2], index, row] as const))(
  "%s is seen",
  async (_, index, [check, without, scene]) => {
    expect(SOURCE.split(check), "the check stands there once").toHaveLength(2);
    expect(await isMisled(await createFrom(`whole-${index}`, SOURCE), SCENES[scene])).toBe(false);
    const broken = await createFrom(
      `without-${index}`,
      SOURCE.replace(check, () => without),
    );
    expect(await isMisled(broken, SCENES[scene]), `without ${check}`).toBe(true);
  },
);
