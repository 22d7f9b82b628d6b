import { describe, expect, test } from "vitest";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { LightClientError, NodeError } from "../../client/errors.ts";
import { createLightClient, LightClientAttack, type LightClientOptions } from "../../client/light-client.ts";
import type { LightProvider } from "../../client/light-provider.ts";
import type { Divergence } from "../../consensus/light/divergence.ts";
import { lightBlockId, verifySkipping } from "../../consensus/light/verify.ts";
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

interface FakeProvider extends LightProvider {
  readonly reports: Divergence[];
  readonly asked: (number | undefined)[];
  /** Blocks it has by now. */
  tip: number;
}

function provider(name: string, chain: readonly LightBlock[], tip = chain.length): FakeProvider {
  const self: FakeProvider = {
    name,
    reports: [],
    asked: [],
    tip,
    async lightBlock(height) {
      self.asked.push(height);
      const wanted = height ?? self.tip;
      return wanted > self.tip ? undefined : chain[wanted - 1];
    },
    async report(divergence) {
      self.reports.push(divergence);
    },
  };
  return self;
}

const broken = (name: string): LightProvider => ({
  name,
  lightBlock: () => Promise.reject(new NodeError("no node answers")),
});

const SEATS: readonly Seat[] = [
  [1, 10],
  [2, 10],
  [3, 10],
  [4, 10],
];
const LATER: readonly Seat[] = [
  [1, 10],
  [2, 10],
  [5, 10],
  [6, 10],
];
const CHAIN = makeChain([...steady(SEATS, 12), ...steady(LATER, 12)]);
const NOW = justAfter(CHAIN);

function options(change: Partial<LightClientOptions>, chain: readonly LightBlock[] = CHAIN): LightClientOptions {
  return {
    genesisRoot: GENESIS_ROOT,
    trust: { height: 3, blockId: lightBlockId(at(chain, 3)) },
    trustingPeriod: PARAMS.trustingPeriod,
    primary: provider("primary", chain),
    witnesses: [provider("witness", chain)],
    bls: BLS,
    now: () => NOW,
    witnessPatience: { attempts: 2, waitMs: 1 },
    ...change,
  };
}

const idOf = (block: LightBlock): string => lightBlockId(block).join();

describe("follows a chain", () => {
  test("skipping, and keeps what it has verified", async () => {
    const primary = provider("primary", CHAIN, 10);
    const witness = provider("witness", CHAIN);
    const client = await createLightClient(options({ primary, witnesses: [witness] }));
    expect(client.latest.header.height).toBe(3);
    expect((await client.update()).header.height).toBe(10);
    expect(client.trusted(7)).toBeUndefined();
    expect((await client.update()).header.height).toBe(10);
    primary.tip = CHAIN.length;
    expect(idOf(await client.update())).toBe(idOf(at(CHAIN, 24)));
    expect(client.trusted(13)).toBeDefined();
    expect(idOf(await client.verify(13))).toBe(idOf(at(CHAIN, 13)));
    expect(witness.asked).toEqual([10, 24]);
  });

  test("in JavaScript alone", { timeout: 20_000 }, async () => {
    const { bls, ...portable } = options({});
    expect(bls).toBeDefined();
    const client = await createLightClient(portable);
    expect((await client.verify(5)).header.height).toBe(5);
    const forged = [...CHAIN.slice(0, 5), certify(at(CHAIN, 6).header, SEATS, [1])];
    const misled = await createLightClient({ ...portable, primary: provider("p", forged), witnesses: [] });
    await expect(misled.verify(6)).rejects.toThrow(/power 10 signed/);
  });

  test("header by header", async () => {
    const primary = provider("primary", CHAIN);
    const client = await createLightClient(options({ primary, sequential: true }));
    await client.update();
    expect(primary.asked).toEqual([3, undefined, ...Array.from({ length: 20 }, (_, i) => i + 4)]);
    expect(client.trusted(17)).toBeDefined();
  });

  test("between blocks that it knows, and backwards by parents", async () => {
    const client = await createLightClient(options({}));
    await client.verify(20);
    expect(idOf(await client.verify(8))).toBe(idOf(at(CHAIN, 8)));
    expect(client.latest.header.height).toBe(20);
    expect(idOf(await client.verify(1))).toBe(idOf(at(CHAIN, 1)));
    const other = makeChain(steady(SEATS, 4), { salt: 1 });
    const misled = await createLightClient(options({ witnesses: [] }));
    const lying = {
      ...provider("lying", CHAIN),
      lightBlock: async (height = 24) => (height < 3 ? at(other, height) : at(CHAIN, height)),
    };
    const backwards = await createLightClient(options({ primary: lying, witnesses: [] }));
    await expect(backwards.verify(1)).rejects.toThrow(/block 2 is not the parent of block 3/);
    expect(idOf(await misled.verify(1))).toBe(idOf(at(CHAIN, 1)));
  });

  test("backwards no further than is reasonable, and to no height that there is not", async () => {
    const far = certify({ ...at(CHAIN, 24).header, height: 20_000 }, LATER);
    const trust = { height: 20_000, blockId: lightBlockId(far) };
    const primary = { ...provider("far", CHAIN), lightBlock: () => Promise.resolve(far) };
    const client = await createLightClient(options({ primary, trust, witnesses: [] }));
    await expect(client.verify(9999)).rejects.toThrow(
      /block 9999 is 10001 blocks before .* at most 10000 are followed/,
    );
    for (const height of [0, -1, 1.5, Number.NaN]) {
      await expect(client.verify(height)).rejects.toThrow(`${height} is no height`);
    }
  });

  test("and keeps a bounded number of blocks", async () => {
    const client = await createLightClient(options({ sequential: true, maxBlocks: 5 }));
    await client.update();
    expect([19, 20, 24].map((height) => client.trusted(height)?.header.height)).toEqual([undefined, 20, 24]);
  });

  test("calls wait for each other", async () => {
    const client = await createLightClient(options({}));
    const [a, b, c] = await Promise.all([client.verify(24), client.update(), client.verify(24)]);
    expect(new Set([a, b, c].map((block) => idOf(block))).size).toBe(1);
    expect(client.witnesses).toHaveLength(1);
  });
});

describe("begins only with what it was told to trust", () => {
  test("another block than that", async () => {
    const trust = { height: 3, blockId: new Uint8Array(32) };
    await expect(createLightClient(options({ trust, witnesses: [] }))).rejects.toThrow(
      /is not the trusted one with the id 00/,
    );
  });
  test("a block that has expired", async () => {
    const now = () => at(CHAIN, 3).header.time + PARAMS.trustingPeriod;
    await expect(createLightClient(options({ now }))).rejects.toThrow(/start again from a block/);
  });
  test("another chain's genesis root", async () => {
    await expect(createLightClient(options({ genesisRoot: new Uint8Array(32) }))).rejects.toThrow(/signature is wrong/);
  });
  test("parameters that mean nothing", async () => {
    await expect(createLightClient(options({ trustingPeriod: -1 }))).rejects.toThrow(/trusting period/);
    await expect(createLightClient(options({ maxBlocks: 0 }))).rejects.toThrow(/store of 0 blocks/);
  });
});

describe("time runs out", () => {
  test("trust that has expired since is not renewed by anybody", async () => {
    let now = NOW;
    const client = await createLightClient(options({ now: () => now }));
    await client.verify(10);
    now = at(CHAIN, 10).header.time + PARAMS.trustingPeriod;
    await expect(client.update()).rejects.toThrow(/highest trusted block 10 is older/);
    await expect(client.verify(24)).rejects.toThrow(LightClientError);
    expect(client.latest.header.height).toBe(10);
  });
  test("a lower block that has expired does not vouch: the higher one does, by its parents", async () => {
    let now = NOW;
    const primary = provider("primary", CHAIN);
    const client = await createLightClient(options({ now: () => now, primary }));
    await client.verify(24);
    now = at(CHAIN, 13).header.time + PARAMS.trustingPeriod;
    primary.asked.length = 0;
    expect(idOf(await client.verify(20))).toBe(idOf(at(CHAIN, 20)));
    expect(primary.asked).toEqual([23, 22, 21, 20]);
  });
});

describe("a primary that fails is replaced by a witness", () => {
  test.each<[string, LightProvider]>([
    ["does not answer", broken("broken")],
    ["has no blocks", provider("empty", [])],
    ["has another block where trust begins", provider("other", makeChain(steady(SEATS, 24), { salt: 1 }))],
  ])("%s at the start", async (_, primary) => {
    const witnesses = [provider("second", CHAIN), provider("third", CHAIN)];
    const client = await createLightClient(options({ primary, witnesses }));
    expect(client.primary.name).toBe("second");
    expect(client.witnesses.map(({ name }) => name)).toEqual(["third"]);
    expect((await client.update()).header.height).toBe(24);
  });

  test("gives a forged block later", async () => {
    const forged = [...CHAIN.slice(0, 20), certify(at(CHAIN, 21).header, LATER, [1, 2])];
    const witnesses = [provider("second", CHAIN), provider("third", CHAIN)];
    const client = await createLightClient(options({ primary: provider("forger", forged), witnesses }));
    expect(idOf(await client.update())).toBe(idOf(at(CHAIN, 24)));
    expect(client.primary.name).toBe("second");
  });

  test("holds a block back that others have, or gives another one for it", async () => {
    const chain = CHAIN;
    const tests = [
      async (height = 24) => (height === 20 ? undefined : at(chain, height)),
      async (height = 24) => at(chain, height === 20 ? 21 : height),
    ];
    for (const lightBlock of tests) {
      const witnesses = [provider("second", CHAIN), provider("third", CHAIN)];
      const client = await createLightClient(options({ primary: { name: "bad", lightBlock }, witnesses }));
      expect(idOf(await client.verify(20))).toBe(idOf(at(CHAIN, 20)));
      expect(client.primary.name).toBe("second");
    }
  });

  test("but not for a block that nobody has yet", async () => {
    const client = await createLightClient(options({}));
    await expect(client.verify(25)).rejects.toThrow("primary does not have block 25");
    expect([client.primary.name, client.witnesses.length]).toEqual(["primary", 1]);
    expect((await client.update()).header.height).toBe(24);
  });

  test("until nobody is left, or nobody who could confirm", async () => {
    await expect(createLightClient(options({ primary: broken("a"), witnesses: [broken("b")] }))).rejects.toThrow(
      /no provider is left: no node answers/,
    );
    const client = await createLightClient(options({ primary: broken("a") }));
    await expect(client.update()).rejects.toThrow(/no witness is left to confirm block 24/);
    expect(client.latest.header.height).toBe(3);
  });
});

describe("witnesses", () => {
  test("one that is behind is waited for, and not counted against", async () => {
    const slow = provider("slow", CHAIN, 10);
    const patient = options({ witnesses: [slow], witnessPatience: { attempts: 50, waitMs: 5 } });
    const client = await createLightClient(patient);
    const updated = client.update();
    setTimeout(() => {
      slow.tip = 24;
    }, 20);
    expect((await updated).header.height).toBe(24);
    expect(client.witnesses).toHaveLength(1);
  });

  test("nothing is trusted that none of them confirms", async () => {
    const witnesses = [broken("gone"), provider("behind", CHAIN, 5)];
    const client = await createLightClient(options({ witnesses }));
    await expect(client.update()).rejects.toThrow(
      "no witness confirms block 24: gone: no node answers; behind does not have block 24",
    );
    expect(client.latest.header.height).toBe(3);
  });

  test("one that contradicts and can't prove it is dropped; another confirms", async () => {
    const forged = [...CHAIN.slice(0, 23), certify({ ...at(CHAIN, 24).header, time: NOW }, LATER, [5])];
    const stranger = makeChain(steady([[30, 10]], 24));
    const liars = [provider("forger", forged), provider("stranger", stranger)];
    const client = await createLightClient(options({ witnesses: [...liars, provider("honest", CHAIN)] }));
    expect((await client.update()).header.height).toBe(24);
    expect(client.witnesses.map(({ name }) => name)).toEqual(["honest"]);
  });
});

describe("an attack", () => {
  /** The whole old set has signed another chain from block 9 on: a majority attack, or keys that were stolen. */
  const FORK = makeChain(
    [
      ...steady(SEATS, 4),
      ...steady(
        [
          [1, 10],
          [2, 10],
          [3, 10],
        ],
        12,
      ),
    ],
    {
      base: CHAIN.slice(0, 8),
      salt: 1,
    },
  );

  async function attacked(primary: FakeProvider, witnesses: readonly LightProvider[], sequential = false) {
    const client = await createLightClient(options({ primary, witnesses, sequential }));
    const failure: unknown = await client.update().catch((error: unknown) => error);
    return { client, failure };
  }

  test.each([
    ["skipping", false],
    ["header by header", true],
  ])("is found by one honest witness, %s; both sides get evidence that verifies in one step", async (_, sequential) => {
    const primary = provider("attacker", FORK);
    const accomplice = provider("accomplice", FORK);
    const witness = provider("honest", CHAIN);
    const { client, failure } = await attacked(primary, [accomplice, witness], sequential);
    expect(failure).toBeInstanceOf(LightClientAttack);
    if (!(failure instanceof LightClientAttack)) return;
    expect(failure.message).toMatch(/attacker and honest have different certified blocks/);
    expect(client.latest.header.height).toBe(3);
    expect(witness.reports).toEqual([failure.againstPrimary]);
    expect(primary.reports).toEqual([failure.againstWitness]);

    const sides = [
      [failure.againstPrimary, FORK, CHAIN],
      [failure.againstWitness, CHAIN, FORK],
    ] as const;
    for (const [evidence, accused, accuser] of sides) {
      if (evidence === undefined) throw new Error("no evidence");
      const { commonHeight, trusted, conflicting } = evidence;
      expect(commonHeight).toBeLessThanOrEqual(8);
      expect(idOf(conflicting)).toBe(idOf(at(accused, conflicting.header.height)));
      expect(idOf(trusted)).toBe(idOf(at(accuser, conflicting.header.height)));
      expect(idOf(trusted)).not.toBe(idOf(conflicting));
      expect(verifySkipping(at(CHAIN, commonHeight), conflicting, NOW, PARAMS, BLS)).toBeUndefined();
    }
    if (sequential) expect(failure.againstPrimary.commonHeight).toBe(8);
  });

  test("is not found when every witness is part of it", async () => {
    const { failure } = await attacked(provider("attacker", FORK), [provider("accomplice", FORK)]);
    expect(failure).toMatchObject({ header: { height: FORK.length } });
  });

  test("evidence that can't be delivered is told of, and kept", async () => {
    const witness = { ...provider("honest", CHAIN), report: () => Promise.reject(new NodeError("refused")) };
    const { failure } = await attacked(provider("attacker", FORK), [witness]);
    expect(failure).toMatchObject({ message: expect.stringMatching(/could not be delivered: refused/) });
    expect(failure).toHaveProperty("againstPrimary.conflicting.header");
  });

  test("a primary that has gone since leaves the evidence against itself", async () => {
    let answers = true;
    const primary = provider("attacker", FORK);
    const vanishing: FakeProvider = {
      ...primary,
      lightBlock: (height) => (answers ? primary.lightBlock(height) : Promise.reject(new NodeError("gone"))),
    };
    const honest = provider("honest", CHAIN);
    const witness = {
      ...honest,
      lightBlock: (height?: number) => {
        answers = height === 3;
        return honest.lightBlock(height);
      },
    };
    const { failure } = await attacked(vanishing, [witness]);
    expect(failure).toBeInstanceOf(LightClientAttack);
    expect(honest.reports).toHaveLength(1);
  });
});
