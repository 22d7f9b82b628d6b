import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createContext } from "../../../chain/executor/context.ts";
import { balance, mint } from "../../../modules/bank/keeper.ts";
import { type Accrued, readAccrued, writeAccrued } from "../../../modules/distribution/accrual.ts";
import { communityFunds, DISTRIBUTION } from "../../../modules/distribution/community-pool.ts";
import { exactly, remainderOf, wholeUnits, writeExact } from "../../../modules/distribution/exact.ts";
import {
  accruedOf,
  closeValidator,
  MAX_SLASHES,
  noteSlash,
  owedTo,
  rewardValidator,
  settleDelegation,
  withdrawCommission,
} from "../../../modules/distribution/keeper.ts";
import { claims, rewards, slashes } from "../../../modules/distribution/store.ts";
import { redemption, sharesFor, tokensFor } from "../../../modules/staking/shares.ts";
import { createOverlay } from "../../../state/overlay.ts";
import { addressOf, BLS, createNetwork, SPEC } from "../network.ts";
import { createModel, type Model, reward as modelReward, near } from "./model.ts";

/** Random lives of validators and their delegators, with a staking of a few lines, against the model. */

const VALIDATORS = ["a", "b"] as const;
const PEOPLE = ["a", "b", "ann", "bob", "cy"] as const;
const RATE = 10n ** 18n;

type Step =
  | { readonly kind: "reward"; readonly to: string; readonly amount: bigint }
  | { readonly kind: "delegate" | "undelegate"; readonly who: string; readonly to: string; readonly amount: bigint }
  | { readonly kind: "move"; readonly who: string; readonly from: string; readonly to: string; readonly amount: bigint }
  | { readonly kind: "leave" | "withdraw"; readonly who: string; readonly to: string }
  | { readonly kind: "slash"; readonly to: string; readonly ppm: bigint }
  | { readonly kind: "rate"; readonly to: string; readonly rate: bigint }
  | { readonly kind: "commission" | "exodus"; readonly to: string };

const who = fc.constantFrom(...PEOPLE);
const to = fc.constantFrom(...VALIDATORS);
/** From one base unit to more than all that there can be. */
const amount = fc.oneof(
  fc.constant(1n),
  fc.bigInt(1n, 20n),
  fc.bigInt(1n, 10n ** 7n),
  fc.bigInt(1n, 10n ** 15n),
  fc.bigInt(1n, 10n ** 22n),
);
const of = <K extends string>(kind: K) => fc.constant(kind);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: of("reward"), to, amount }) },
  { weight: 5, arbitrary: fc.record({ kind: of("delegate"), who, to, amount }) },
  { weight: 3, arbitrary: fc.record({ kind: of("undelegate"), who, to, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: of("move"), who, from: to, to, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: of("leave"), who, to }) },
  { weight: 3, arbitrary: fc.record({ kind: of("withdraw"), who, to }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: of("slash"),
      to,
      ppm: fc.oneof(fc.bigInt(1n, 100_000n), fc.constantFrom(333_333n, 999_999n, 1_000_000n)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: of("rate"), to, rate: fc.oneof(fc.constantFrom(0n, RATE, 1n), fc.bigInt(0n, RATE)) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: of("commission"), to }) },
  { weight: 1, arbitrary: fc.record({ kind: of("exodus"), to }) },
);

interface Validator {
  tokens: bigint;
  shares: bigint;
  rate: bigint;
  readonly delegations: Map<string, bigint>;
}

const FUNDER = addressOf("funder");
/** One genesis for all lives: each has an overlay of its own. */
const genesis = createNetwork();

function createWorld() {
  const store = createOverlay(genesis.store);
  const ctx = createContext(genesis.context().block, store, BLS);
  const validators = new Map<string, Validator>();
  const model: Model = createModel();
  /** Whole base units paid for each delegation, and to each operator as commission. */
  const paid = new Map<string, bigint>();
  const paidCommission = new Map<string, bigint>();
  let inflow = 0n;
  let removals = 0n;
  let ended = 0n;
  const tally = { slashes: 0, returns: 0 };
  const gone = new Set<string>();

  const pay = (map: Map<string, bigint>, key: string, units: bigint) => map.set(key, (map.get(key) ?? 0n) + units);

  function settle(delegator: string, operator: string, before: bigint, after: bigint): void {
    const units = settleDelegation(ctx, addressOf(delegator), addressOf(operator), before, after);
    pay(paid, `${operator}/${delegator}`, units);
  }

  function setShares(name: string, validator: Validator, delegator: string, after: bigint): void {
    const before = validator.delegations.get(delegator) ?? 0n;
    settle(delegator, name, before, after);
    validator.shares += after - before;
    if (after > 0n) validator.delegations.set(delegator, after);
    else if (validator.delegations.delete(delegator)) ended++;
  }

  function remove(name: string): void {
    const commission = accruedOf(store, addressOf(name)).commission;
    closeValidator(ctx, addressOf(name));
    pay(paidCommission, name, wholeUnits(commission));
    validators.delete(name);
    gone.add(name);
    removals++;
  }

  function delegate(delegator: string, name: string, units: bigint): void {
    const validator = validators.get(name) ?? {
      tokens: 0n,
      shares: 0n,
      rate: RATE / 10n,
      delegations: new Map<string, bigint>(),
    };
    const issued = sharesFor(validator, units);
    if (issued === undefined) return;
    if (!validators.has(name) && gone.has(name)) tally.returns++;
    validators.set(name, validator);
    setShares(name, validator, delegator, (validator.delegations.get(delegator) ?? 0n) + issued);
    validator.tokens += units;
  }

  /** @returns the tokens taken. */
  function undelegate(delegator: string, name: string, units: bigint): bigint {
    const validator = validators.get(name);
    const held = validator?.delegations.get(delegator);
    if (validator === undefined || held === undefined) return 0n;
    const worth = tokensFor(validator, held);
    const taken = worth === 0n ? undefined : redemption(validator, held, units < worth ? units : worth);
    if (taken === undefined) return 0n;
    setShares(name, validator, delegator, held - taken.shares);
    validator.tokens -= taken.tokens;
    if (validator.shares === 0n) remove(name);
    return taken.tokens;
  }

  function give(name: string, units: bigint): void {
    const validator = validators.get(name);
    mint(ctx, FUNDER, [{ denom: SPEC.denom, amount: units }]);
    inflow += units;
    rewardValidator(ctx, FUNDER, addressOf(name), units, validator);
    modelReward(model, name, { n: units, d: 1n }, validator);
  }

  function slash(name: string, ppm: bigint): void {
    const validator = validators.get(name);
    if (validator === undefined) return;
    tally.slashes++;
    validator.tokens -= (validator.tokens * ppm) / 1_000_000n;
    noteSlash(ctx, addressOf(name), ppm * 10n ** 12n);
  }

  function withdraw(delegator: string, name: string): void {
    const held = validators.get(name)?.delegations.get(delegator);
    if (held !== undefined) settle(delegator, name, held, held);
  }

  /** Everybody goes, those whose stake is worth nothing too; then the validator. */
  function exodus(name: string): void {
    const validator = validators.get(name);
    if (validator === undefined) return;
    for (const delegator of [...validator.delegations.keys()]) setShares(name, validator, delegator, 0n);
    remove(name);
  }

  function perform(next: Step): void {
    switch (next.kind) {
      case "reward":
        give(next.to, next.amount);
        break;
      case "delegate":
        delegate(next.who, next.to, next.amount);
        break;
      case "undelegate":
        undelegate(next.who, next.to, next.amount);
        break;
      case "move": {
        const tokens = next.from === next.to ? 0n : undelegate(next.who, next.from, next.amount);
        if (tokens > 0n) delegate(next.who, next.to, tokens);
        break;
      }
      case "leave":
        undelegate(next.who, next.to, 10n ** 30n);
        break;
      case "withdraw":
        withdraw(next.who, next.to);
        break;
      case "slash":
        slash(next.to, next.ppm);
        break;
      case "rate": {
        const validator = validators.get(next.to);
        if (validator !== undefined) validator.rate = next.rate;
        break;
      }
      case "commission": {
        if (wholeUnits(accruedOf(store, addressOf(next.to)).commission) === 0n) break;
        pay(paidCommission, next.to, withdrawCommission(ctx, addressOf(next.to)));
        break;
      }
      case "exodus":
        exodus(next.to);
        break;
    }
  }

  /** In 2^-64 base units: what of the difference the bound allows, beyond `units` whole ones. */
  const within = (actual: bigint, exact: bigint, less: bigint, more: bigint): boolean =>
    actual >= exact - (less << 64n) - TINY && actual <= exact + (more << 64n) + TINY;
  const fine = (exact: bigint): bigint => exact >> 192n;

  /** What differs from the model by more than the bound, and what does not add up. */
  function problems(): string[] {
    const found: string[] = [];
    let due = communityFunds(store, SPEC.denom);
    for (const [operator, record] of rewards.entries(store)) {
      if (validators.size === 0) found.push(`${operator[0]} is owed something and is gone`);
      due += readAccrued(record).outstanding;
    }
    if (due !== exactly(balance(store, DISTRIBUTION, SPEC.denom))) found.push("the account does not hold what it owes");
    for (const [key, earned] of model.earned) {
      const [name = "", delegator = ""] = key.split("/");
      const held = validators.get(name)?.delegations.get(delegator) ?? 0n;
      const owed = owedTo(store, addressOf(delegator), addressOf(name), held);
      const actual = fine(exactly(paid.get(key) ?? 0n) + owed);
      if (!within(actual, near(earned), ended, ended)) found.push(`${key} has ${actual}, earned ${near(earned)}`);
    }
    for (const [name, earned] of model.commission) {
      const actual = fine(exactly(paidCommission.get(name) ?? 0n) + accruedOf(store, addressOf(name)).commission);
      if (!within(actual, near(earned), removals, 0n)) found.push(`${name} has a commission of ${actual}`);
    }
    const community = fine(communityFunds(store, SPEC.denom));
    if (!within(community, near(model.community), 0n, removals + ended)) found.push(`the community has ${community}`);
    return found;
  }

  return {
    store,
    validators,
    tally,
    perform,
    problems,
    /** Everybody is paid and leaves. @returns what is wrong then. */
    end(): string[] {
      for (const name of VALIDATORS) exodus(name);
      const found = problems();
      const out = [...paid.values(), ...paidCommission.values()].reduce((sum, units) => sum + units, 0n);
      const left = communityFunds(store, SPEC.denom);
      if (exactly(out) + left !== exactly(inflow)) found.push(`${inflow} came in, ${out} went out, ${left} are left`);
      if (remainderOf(left) !== 0n) found.push("parts of a base unit are left when everybody has gone");
      for (const collection of [claims, rewards, slashes]) {
        if (collection.entries(store).some(([key]) => !genesisKeys.has(String(key)))) found.push("records are left");
      }
      return found;
    },
  };
}

/** Above what carries may shift in a life as short as these, below anything that could be paid. */
const TINY = 1n << 34n;
const genesisKeys = new Set(
  [claims, rewards, slashes].flatMap((each) => each.entries(genesis.store).map(([key]) => String(key))),
);

type World = ReturnType<typeof createWorld>;

/** Lives it, and says what is wrong after the first step that breaks something, or when everybody has left. */
function live(steps: readonly Step[], world = createWorld(), fault?: (world: World) => void): string[] {
  for (const each of steps) world.perform(each);
  fault?.(world);
  const found = world.problems();
  return found.length > 0 ? found : world.end();
}

describe("random lives of two validators and five people", () => {
  test("pay everybody what the model says, to the bound, and in the end all that came in", () => {
    let slashed = 0;
    let returned = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: "max" }), (steps) => {
        const world = createWorld();
        expect(live(steps, world)).toEqual([]);
        slashed += world.tally.slashes;
        returned += world.tally.returns;
      }),
      { numRuns: 2000 },
    );
    // Otherwise it would hold because nothing happened.
    expect(slashed).toBeGreaterThan(500);
    expect(returned).toBeGreaterThan(200);
  });

  const LIFE: readonly Step[] = [
    { kind: "delegate", who: "ann", to: "a", amount: 1_000_003n },
    { kind: "delegate", who: "bob", to: "a", amount: 7n },
    { kind: "reward", to: "a", amount: 1001n },
    { kind: "slash", to: "a", ppm: 333_333n },
    { kind: "delegate", who: "cy", to: "a", amount: 500_001n },
    { kind: "reward", to: "a", amount: 77_777n },
  ];
  test("nothing is wrong with this life", () => expect(live(LIFE)).toEqual([]));

  const operator = addressOf("a");
  const change = ({ store }: World, what: (accrued: Accrued) => Partial<Accrued>): void => {
    const accrued = accruedOf(store, operator);
    rewards.set(store, operator, writeAccrued({ ...accrued, ...what(accrued) }));
  };
  const faults: readonly (readonly [string, (world: World) => void])[] = [
    [
      "a validator is owed the smallest part of a unit too much",
      (world) => change(world, ({ outstanding }) => ({ outstanding: outstanding + 1n })),
    ],
    ["a share earns too much", (world) => change(world, ({ cumulative }) => ({ cumulative: (cumulative * 3n) / 2n }))],
    [
      "an operator earns too much",
      (world) => change(world, ({ commission }) => ({ commission: commission + exactly(1n) })),
    ],
    [
      "a delegation grows without being settled",
      ({ validators }) => {
        const validator = validators.get("a");
        const held = validator?.delegations.get("ann") ?? 0n;
        validator?.delegations.set("ann", 2n * held);
      },
    ],
    [
      "a claim counts from the beginning again",
      ({ store }) => {
        const claim = claims.get(store, [operator, addressOf("cy")]);
        if (claim !== undefined)
          claims.set(store, [operator, addressOf("cy")], { ...claim, cumulative: writeExact(0n) });
      },
    ],
    [
      "a slash takes from one delegation only",
      ({ validators }) => {
        const validator = validators.get("a");
        const held = validator?.delegations.get("ann") ?? 0n;
        validator?.delegations.set("ann", (held * 2n) / 3n);
      },
    ],
  ];
  test.each(faults)("the check sees it when %s", (_, fault) =>
    expect(live(LIFE, createWorld(), fault)).not.toEqual([]),
  );
});

test("shares without number, and rewards without end, leave nobody out", () => {
  const world = createWorld();
  world.perform({ kind: "delegate", who: "ann", to: "a", amount: 10n ** 22n });
  world.perform({ kind: "delegate", who: "bob", to: "a", amount: 1n });
  for (let i = 0; i < 4; i++) {
    // Each time almost all is burnt and bought again, so that the shares of a token multiply.
    world.perform({ kind: "slash", to: "a", ppm: 999_999n });
    world.perform({ kind: "delegate", who: "cy", to: "a", amount: 10n ** 21n });
    world.perform({ kind: "reward", to: "a", amount: 1n });
    world.perform({ kind: "reward", to: "a", amount: 10n ** 21n });
    expect(world.problems()).toEqual([]);
  }
  expect(world.end()).toEqual([]);
});

test("slashes that can be queried are bounded", () => {
  const { store, perform } = createWorld();
  perform({ kind: "delegate", who: "ann", to: "a", amount: 10n ** 12n });
  for (let i = 0; i < MAX_SLASHES + 5; i++) perform({ kind: "slash", to: "a", ppm: 1n });
  const kept = slashes.entries(store, { within: addressOf("a") });
  expect(kept).toHaveLength(MAX_SLASHES);
  expect(kept[0]?.[0][1]).toBe(6);
});
