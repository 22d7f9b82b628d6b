import fc from "fast-check";
import { expect, test } from "vitest";
import { type AddressBook, type AddressBookOptions, BOOK_BOUNDS, createAddressBook } from "../../p2p/address-book.ts";
import { peerIdOf } from "../../p2p/node-key.ts";
import { parsePeerAddress } from "../../p2p/peer-address.ts";
import { seed } from "./fixture.ts";

const IDS = await Promise.all(Array.from({ length: 64 }, (_, i) => peerIdOf(seed(100 + i))));

const id = (i: number): string => IDS[i % IDS.length] ?? "";
const at = (ip: string, peer = 0, port = 26656): string => `/ip4/${ip}/tcp/${port}/p2p/${id(peer)}`;
const from = (i: number, group: string | undefined = `9.${i}`) => ({ peerId: `source ${i}`, group });

function book(options: Partial<AddressBookOptions> = {}): AddressBook {
  return createAddressBook({
    self: id(63),
    allowPrivate: false,
    isHidden: () => false,
    now: () => 0,
    random: () => 0,
    ...options,
  });
}

/** A linear congruential generator: reproducible, and good enough to draw from a book. */
function lcg(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test.each([
  ["no multiaddress", "nonsense"],
  ["no peer id", "/ip4/198.51.100.1/tcp/1"],
  ["port 0", at("198.51.100.1", 0, 0)],
  ["a name", `/dns4/example.org/tcp/1/p2p/${id(0)}`],
  ["another transport", `/ip4/198.51.100.1/udp/1/p2p/${id(0)}`],
  ["a relay behind it", `${at("198.51.100.1")}/p2p-circuit/p2p/${id(1)}`],
  ["0.0.0.0", at("0.0.0.0")],
  ["multicast", at("224.0.0.1")],
  ["broadcast", at("255.255.255.255")],
  ["loopback", at("127.0.0.1")],
  ["a local network", at("192.168.1.2")],
  ["a carrier's network", at("100.64.0.1")],
  ["link-local IPv6", `/ip6/fe80::1/tcp/1/p2p/${id(0)}`],
  ["IPv4 in IPv6", `/ip6/::ffff:c633:6401/tcp/1/p2p/${id(0)}`],
  ["this node", at("198.51.100.1", 63)],
  ["a peer id that is none", "/ip4/198.51.100.1/tcp/1/p2p/12D3KooW"],
])("an address is not taken: %s", (_what, address) => {
  const known = book();
  expect(known.hear(address, from(1))).toBe(false);
  known.succeeded(address);
  expect(known.size).toBe(0);
});

test("private addresses are taken only where they are wanted, and 0.0.0.0 nowhere", () => {
  const known = book({ allowPrivate: true });
  expect(known.hear(at("127.0.0.1"), from(1))).toBe(true);
  expect(known.hear(at("0.0.0.0"), from(1))).toBe(false);
});

test("one address has one form, and its group is the /16 or the /32", () => {
  const text = `/ip6/2001:0DB8:0:0::1/tcp/1/p2p/${id(0)}`;
  expect(parsePeerAddress(text)).toMatchObject({ address: `/ip6/2001:db8::1/tcp/1/p2p/${id(0)}`, group: "2001:db8" });
  expect(parsePeerAddress(at("198.51.100.1"))?.group).toBe("198.51");
  const known = book();
  expect(known.hear(text, from(1))).toBe(true);
  expect(known.hear(`/ip6/2001:db8::1/tcp/1/p2p/${id(0)}`, from(2))).toBe(false);
});

test("an address that is only heard of is not told; one that was reached is, but not to itself", () => {
  const known = book();
  known.hear(at("198.51.100.1", 1), from(1));
  expect(known.tell(32, id(9))).toEqual([]);
  known.succeeded(at("198.51.100.1", 1));
  expect(known.tell(32, id(9))).toEqual([at("198.51.100.1", 1)]);
  expect(known.tell(32, id(1))).toEqual([]);
  known.failed(at("198.51.100.1", 1), true);
  expect(known.tell(32, id(9))).toEqual([]);
});

test("a hidden peer is never written down, whatever way it comes", () => {
  const known = book({ isHidden: (peer) => peer === id(1) });
  known.hear(at("198.51.100.1", 1), from(1));
  known.succeeded(at("198.51.100.1", 1));
  known.restore([{ address: at("198.51.100.1", 1), tried: true, source: id(1) }]);
  expect([known.size, known.save(), known.tell(32, id(2))]).toEqual([0, [], []]);
});

test("what is restored keeps its place and is told only once it has been reached again", () => {
  const first = book();
  first.succeeded(at("198.51.100.1", 1));
  first.hear(at("203.0.113.1", 2), from(2));
  const second = book();
  second.restore(first.save());
  expect(second.save()).toEqual(first.save());
  expect(second.tell(32, id(9))).toEqual([]);
  expect(second.isUnproven(at("198.51.100.1", 1))).toBe(true);
  second.succeeded(at("198.51.100.1", 1));
  expect(second.tell(32, id(9))).toEqual([at("198.51.100.1", 1)]);
  expect(second.isUnproven(at("198.51.100.1", 1))).toBe(false);
});

test("a peer that proves itself at one address loses the others that were said of it", () => {
  const known = book();
  known.hear(at("203.0.113.1", 1), from(1));
  known.hear(at("198.51.100.1", 1), from(2));
  known.succeeded(at("198.51.100.1", 1));
  expect(known.save().map((entry) => entry.address)).toEqual([at("198.51.100.1", 1)]);
});

test("failures double the wait, and cost an address its place unless this node itself is offline", () => {
  let now = 0;
  const known = book({ now: () => now });
  const address = at("198.51.100.1");
  known.hear(address, from(1));
  known.failed(address, false);
  expect(known.pick(() => true)).toBeUndefined();
  now = 30_000;
  expect(known.pick(() => true)?.address).toBe(address);
  known.failed(address, false);
  now = 89_999;
  expect(known.pick(() => true)).toBeUndefined();
  for (let i = 0; i < 10; i++) known.failed(address, false);
  expect(known.size).toBe(1);
  known.failed(address, true);
  expect(known.size).toBe(0);
});

test("who fills the book makes room for others, and not the other way round", () => {
  const known = book({ random: lcg(1) });
  const { heard, perSource } = BOOK_BOUNDS;
  let next = 0;
  const fresh = (): string => at(`${20 + Math.floor(next / 200)}.${next++ % 200}.1.1`, next % 63);
  for (let source = 0; source < heard / perSource; source++) {
    for (let i = 0; i < perSource; i++) expect(known.hear(fresh(), from(source))).toBe(true);
  }
  expect(known.size).toBe(heard);
  // The shares are equal, so one more of any of them is one too many.
  expect(known.hear(fresh(), from(0))).toBe(false);
  expect(known.hear(fresh(), from(1000))).toBe(true);
  expect(known.size).toBe(heard);
});

interface Claim {
  readonly source: number;
  readonly sourceGroup: number;
  readonly ip: readonly [number, number, number];
  readonly peer: number;
  readonly reached: boolean;
}

const claim: fc.Arbitrary<Claim> = fc.record({
  source: fc.nat(3),
  sourceGroup: fc.nat(1),
  ip: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(255), fc.nat(255)),
  peer: fc.nat(62),
  reached: fc.boolean(),
});

/** The shares that are too large in a book; none in a sound one. */
function breaches(saved: ReturnType<AddressBook["save"]>): string[] {
  const counts = new Map<string, number>();
  const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const { address, tried, source, sourceGroup } of saved) {
    const group = parsePeerAddress(address)?.group;
    if (tried) count(`triedPerGroup ${group}`);
    else {
      count(`perSource ${source}`);
      count(`perSourceGroup ${sourceGroup}`);
      count(`heardPerGroup ${group}`);
    }
    count(tried ? "tried" : "heard");
  }
  return [...counts]
    .filter(([key, found]) => found > BOOK_BOUNDS[key.split(" ")[0] as keyof typeof BOOK_BOUNDS])
    .map(([key, found]) => `${key}: ${found}`);
}

const addressOfClaim = ({ ip, peer }: Claim): string => at(`20.${ip[0]}.${ip[1]}.${ip[2]}`, peer);

test("no source, group of sources or group of addresses outgrows its share, in whatever order they come", () => {
  fc.assert(
    fc.property(fc.array(claim, { minLength: 200, maxLength: 500 }), fc.integer(), (claims, start) => {
      const known = book({ random: lcg(start) });
      for (const one of claims) {
        const source = { peerId: `source ${one.source}`, group: `9.${one.sourceGroup}` };
        known.hear(addressOfClaim(one), source);
        if (one.reached) known.succeeded(addressOfClaim(one));
      }
      expect(breaches(known.save())).toEqual([]);
      const again = book({ random: lcg(start) });
      again.restore(claims.map((one) => ({ address: addressOfClaim(one), tried: one.reached, source: "one" })));
      expect(breaches(again.save())).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

test("the checker of shares sees a share that is too large", () => {
  const saved = Array.from({ length: 33 }, (_, i) => ({ address: at(`20.${i}.1.1`), tried: false, source: "one" }));
  expect(breaches(saved)).toEqual(["perSource one: 33"]);
  const tried = Array.from({ length: 9 }, (_, i) => ({ address: at(`20.1.1.${i}`), tried: true, source: "one" }));
  expect(breaches(tried)).toEqual(["triedPerGroup 20.1: 9"]);
});

test("one malicious source or group displaces no honest address, and has no more than its share", () => {
  const known = book({ random: lcg(7) });
  const honest = Array.from({ length: 40 }, (_, i) => at(`${30 + i}.1.1.1`, i));
  for (const [i, address] of honest.entries()) expect(known.hear(address, from(i))).toBe(true);
  for (const address of honest.slice(0, 20)) known.succeeded(address);
  for (let i = 0; i < 5000; i++) {
    const address = at(`66.66.${i >> 8}.${i & 255}`, 40 + (i % 20));
    known.hear(address, { peerId: `sybil ${i}`, group: "66.66" });
    if (i % 2 === 0) known.succeeded(address);
  }
  const saved = known.save().map((entry) => entry.address);
  expect(honest.every((address) => saved.includes(address))).toBe(true);
  const bad = saved.filter((address) => address.includes("/66.66."));
  expect(bad.length).toBeLessThanOrEqual(BOOK_BOUNDS.heardPerGroup + BOOK_BOUNDS.triedPerGroup);
});
