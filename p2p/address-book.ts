import { type PeerAddress, parsePeerAddress } from "./peer-address.ts";

/** Who told of an address. */
export interface Source {
  readonly peerId: string;
  /** As PeerAddress.group; undefined on a private network. */
  readonly group: string | undefined;
}

/** What outlives the process. Where it comes from a file, it is nothing but a claim. */
export interface SavedAddress {
  readonly address: string;
  /** Whether this node has been connected there. */
  readonly tried: boolean;
  readonly source: string;
  readonly sourceGroup?: string | undefined;
}

export interface AddressBookOptions {
  readonly self: string;
  /** Lets addresses of loopback and local networks in. */
  readonly allowPrivate: boolean;
  /** Peers whose addresses are never written down, and so never told. */
  readonly isHidden: (peerId: string) => boolean;
  /** Milliseconds. */
  readonly now: () => number;
  /** From 0 up to and without 1. */
  readonly random: () => number;
}

export interface AddressBook {
  /** Notes what a peer says, unverified. False if it is not taken: out of bounds, known, or of no use. */
  hear(address: string, source: Source): boolean;
  /** Whether the address is in the book, due, and has not been reached since this node started. */
  isUnproven(address: string): boolean;
  /** The peer has been reached there, and has proven its id. */
  succeeded(address: string): void;
  /** A dial failed. `forget`: whether that may cost the address its place, which it should not while this node is offline. */
  failed(address: string, forget: boolean): void;
  /** An address that is due and that the caller wants, from the tried ones or the others with the same probability. */
  pick(wanted: (entry: PeerAddress) => boolean): PeerAddress | undefined;
  /** At most so many addresses, drawn at random, that were reached since this node started, none of the peer itself. */
  tell(count: number, to: string): readonly string[];
  save(): readonly SavedAddress[];
  restore(saved: readonly SavedAddress[]): void;
  readonly size: number;
}

export const BOOK_BOUNDS = {
  /** Addresses that this node has only heard of, and those that it has reached. */
  heard: 1024,
  tried: 256,
  /** Of those heard of: from one peer, from all peers of one group, and within one group. */
  perSource: 32,
  perSourceGroup: 64,
  heardPerGroup: 32,
  /** Of those reached, within one group. */
  triedPerGroup: 8,
} as const;

const FIRST_WAIT_MS = 30_000;
const MAX_WAIT_MS = 3_600_000;
/** Failures in a row after which an address is given up. */
const HEARD_CHANCES = 3;
const TRIED_CHANCES = 10;

interface Entry extends PeerAddress {
  readonly source: Source;
  readonly tried: boolean;
  /** In this process. */
  readonly reached: boolean;
  readonly failures: number;
  readonly notBefore: number;
}

/**
 * Addresses of possible peers. Peer ids cost nothing and IP addresses little, but address groups are dear, so that one peer,
 * one group that tells and one group that is told of each have a share that they can't outgrow; and who has reached a
 * share's end displaces nobody. A tried address only gives way to another of its own group, or to one after many failures.
 * PERF: the bounds are counted over the whole book, 1,280 entries, for each address heard; exchange is rare.
 */
export function createAddressBook(options: AddressBookOptions): AddressBook {
  const { now, random } = options;
  const entries = new Map<string, Entry>();

  function count(matches: (entry: Entry) => boolean): number {
    let found = 0;
    for (const entry of entries.values()) if (matches(entry)) found += 1;
    return found;
  }

  function usable(text: string): PeerAddress | undefined {
    const parsed = parsePeerAddress(text);
    if (parsed === undefined || parsed.peerId === options.self || options.isHidden(parsed.peerId)) return undefined;
    const { peerId, address, group, scope } = parsed;
    return scope === "public" || (scope === "private" && options.allowPrivate) ? { peerId, address, group } : undefined;
  }

  function hasShare(address: PeerAddress, source: Source): boolean {
    const heard = (of: (entry: Entry) => boolean) => count((entry) => !entry.tried && of(entry));
    if (heard((entry) => entry.source.peerId === source.peerId) >= BOOK_BOUNDS.perSource) return false;
    const { group } = source;
    if (group !== undefined && heard((entry) => entry.source.group === group) >= BOOK_BOUNDS.perSourceGroup)
      return false;
    return address.group === undefined || heard((entry) => entry.group === address.group) < BOOK_BOUNDS.heardPerGroup;
  }

  /** When the book is full, the source that has most in it makes room, unless it is the one that asks. */
  function makeRoom(source: Source): boolean {
    if (count((entry) => !entry.tried) < BOOK_BOUNDS.heard) return true;
    const shares = new Map<string, Entry[]>();
    for (const entry of entries.values()) {
      if (entry.tried) continue;
      const share = shares.get(entry.source.peerId) ?? [];
      share.push(entry);
      shares.set(entry.source.peerId, share);
    }
    const [largest] = [...shares.values()].sort((a, b) => b.length - a.length);
    if (largest === undefined || largest.length <= (shares.get(source.peerId)?.length ?? 0) + 1) return false;
    const victim = largest[Math.floor(random() * largest.length)];
    if (victim !== undefined) entries.delete(victim.address);
    return true;
  }

  function hear(text: string, source: Source): boolean {
    const address = usable(text);
    if (address === undefined || entries.has(address.address)) return false;
    if (!hasShare(address, source) || !makeRoom(source)) return false;
    entries.set(address.address, { ...address, source, tried: false, reached: false, failures: 0, notBefore: 0 });
    return true;
  }

  function worst(among: readonly Entry[]): Entry | undefined {
    return among.reduce<Entry | undefined>(
      (found, entry) => (found === undefined || entry.failures > found.failures ? entry : found),
      undefined,
    );
  }

  /** Whether an address may join the tried ones, at the cost of the worst of its group or of all. */
  function makeRoomTried(address: PeerAddress): boolean {
    const tried = [...entries.values()].filter((entry) => entry.tried && entry.address !== address.address);
    const own = tried.filter((entry) => address.group !== undefined && entry.group === address.group);
    const full = own.length >= BOOK_BOUNDS.triedPerGroup ? own : tried.length >= BOOK_BOUNDS.tried ? tried : undefined;
    if (full === undefined) return true;
    const victim = worst(full);
    // Else whoever has many addresses could have all others forgotten by being reached at them.
    if (victim === undefined || (full === tried && victim.failures === 0)) return false;
    entries.delete(victim.address);
    return true;
  }

  return {
    hear,
    isUnproven(address) {
      const known = entries.get(address);
      return known !== undefined && !known.reached && known.notBefore <= now();
    },
    succeeded(text) {
      const address = usable(text);
      if (address === undefined) return;
      const known = entries.get(address.address);
      if (known?.tried !== true && !makeRoomTried(address)) return;
      // One place for each peer, and the proven one.
      for (const other of [...entries.values()]) if (other.peerId === address.peerId) entries.delete(other.address);
      const source = known?.source ?? { peerId: address.peerId, group: address.group };
      entries.set(address.address, { ...address, source, tried: true, reached: true, failures: 0, notBefore: 0 });
    },
    failed(text, forget) {
      const known = entries.get(text);
      if (known === undefined) return;
      const failures = known.failures + 1;
      if (forget && failures >= (known.tried ? TRIED_CHANCES : HEARD_CHANCES)) {
        entries.delete(text);
        return;
      }
      const wait = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20));
      entries.set(text, { ...known, failures, notBefore: now() + wait });
    },
    pick(wanted) {
      const due = [...entries.values()].filter((entry) => entry.notBefore <= now() && wanted(entry));
      const tried = due.filter((entry) => entry.tried);
      const heard = due.filter((entry) => !entry.tried);
      const from = tried.length === 0 || (heard.length > 0 && random() < 0.5) ? heard : tried;
      return from[Math.floor(random() * from.length)];
    },
    tell(most, to) {
      const known = [...entries.values()].filter(
        (entry) => entry.reached && entry.peerId !== to && entry.failures === 0,
      );
      return shuffled(known, random)
        .slice(0, most)
        .map((entry) => entry.address);
    },
    save: () =>
      [...entries.values()].map(({ address, tried, source }) => {
        const { peerId, group } = source;
        return { address, tried, source: peerId, ...(group === undefined ? {} : { sourceGroup: group }) };
      }),
    restore(saved) {
      for (const { address, tried, source, sourceGroup } of saved) {
        const known = usable(address);
        if (known === undefined) continue;
        if (!tried) hear(address, { peerId: source, group: sourceGroup });
        else if (!entries.has(known.address) && makeRoomTried(known)) {
          const from = { peerId: source, group: sourceGroup };
          entries.set(known.address, { ...known, source: from, tried, reached: false, failures: 0, notBefore: 0 });
        }
      }
    },
    get size() {
      return entries.size;
    },
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
