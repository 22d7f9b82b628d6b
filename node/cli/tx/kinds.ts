import type { Coin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import { didYouMean } from "../../../genesis/nearest.ts";
import { UserError } from "../../user-error.ts";
import { decodeAnyAddress } from "../addresses.ts";

/** One kind of value on a command line. */
export interface Kind<T> {
  /** How help names it: `amount`. */
  readonly shape: string;
  /** Of a last argument that may be there several times: the lists of all are one. */
  readonly isRepeated?: true;
  /** @throws UserError, whose message goes behind the argument's name. */
  parse(text: string): T;
}

/** An option of a command. `parse` gets undefined where it was not given. */
export interface Flag<T> {
  readonly shape: string;
  readonly doc: string;
  /** Takes no value. */
  readonly isSwitch: boolean;
  /** Must be given, as far as help is concerned. */
  readonly isRequired: boolean;
  parse(text: string | boolean | undefined): T;
}

const quoted = (text: string): string => `"${text.slice(0, 100)}"`;

export const coin: Kind<Coin> = {
  shape: "amount",
  parse(text) {
    const found = /^([1-9][0-9]{0,30})([a-zA-Z][a-zA-Z0-9/:._-]{2,127})$/.exec(text);
    if (found?.[1] === undefined || found[2] === undefined) {
      throw new UserError(`must be a number and a denomination, such as 5uassay, not ${quoted(text)}`);
    }
    return { amount: found[1], denom: found[2] };
  },
};

/** In order of their denominations, as messages must have them. */
export const coins: Kind<Coin[]> = {
  shape: "amounts",
  parse(text) {
    const list = text.split(",").map((part) => coin.parse(part));
    const sorted = list.sort((a, b) => (a.denom < b.denom ? -1 : 1));
    const twice = sorted.find(({ denom }, index) => denom === sorted[index - 1]?.denom);
    if (twice !== undefined) throw new UserError(`${twice.denom} is there twice`);
    return sorted;
  },
};

export const address: Kind<string> = {
  shape: "address",
  parse(text) {
    decodeAnyAddress(text);
    if (/^[a-z]+val(oper|cons)1/.test(text)) throw new UserError(`${text} is not the address of an account`);
    return text;
  },
};

export const operator: Kind<string> = {
  shape: "validator",
  parse(text) {
    decodeAnyAddress(text);
    if (!/^[a-z]+valoper1/.test(text)) throw new UserError(`${text} is not a validator's address (…valoper1…)`);
    return text;
  },
};

/** A consensus address. */
export const consensus: Kind<string> = {
  shape: "consensus address",
  parse(text) {
    decodeAnyAddress(text);
    if (!/^[a-z]+valcons1/.test(text)) throw new UserError(`${text} is not a consensus address (…valcons1…)`);
    return text;
  },
};

export const integer: Kind<bigint> = {
  shape: "n",
  parse(text) {
    if (!/^[0-9]{1,20}$/.test(text)) throw new UserError(`must be a whole number, not ${quoted(text)}`);
    return BigInt(text);
  },
};

/** A share from 0 to 1 with up to 18 decimals, scaled by 10^18 as protobuf has it. */
export const rate: Kind<string> = {
  shape: "0.1",
  parse(text) {
    const found = /^([01])(?:\.([0-9]{1,18}))?$/.exec(text);
    const scaled = BigInt((found?.[1] ?? "9") + (found?.[2] ?? "").padEnd(18, "0"));
    if (scaled > 10n ** 18n) throw new UserError(`must be from 0 to 1, such as 0.1, not ${quoted(text)}`);
    return scaled.toString();
  },
};

/** A point in time, RFC 3339 in UTC. */
export const time: Kind<{ seconds: bigint; nanos: number }> = {
  shape: "2030-01-31T12:00:00Z",
  parse(text) {
    const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,3})?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(ms)) throw new UserError(`must be a time such as 2030-01-31T12:00:00Z, not ${quoted(text)}`);
    return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
  },
};

const UNITS: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3600n, d: 86_400n };

export const duration: Kind<{ seconds: bigint; nanos: number }> = {
  shape: "24h",
  parse(text) {
    const found = /^([1-9][0-9]{0,8})([smhd])$/.exec(text);
    if (found?.[1] === undefined)
      throw new UserError(`must be a time span such as 90s, 24h or 7d, not ${quoted(text)}`);
    return { seconds: BigInt(found[1]) * (UNITS[found[2] ?? ""] ?? 1n), nanos: 0 };
  },
};

export const words: Kind<string> = { shape: "text", parse: (text) => text };
export const file: Kind<string> = { shape: "file", parse: (text) => text };

export function listOf<T>(kind: Kind<T>): Kind<T[]> {
  return { shape: `${kind.shape},…`, parse: (text) => text.split(",").map((part) => kind.parse(part)) };
}

/** For the last argument of a command, which may then be there several times. */
export function several<T>(kind: Kind<T>): Kind<T[]> {
  return { shape: kind.shape, isRepeated: true, parse: (text) => [kind.parse(text)] };
}

export function choice<const C extends string>(...choices: readonly C[]): Kind<C> {
  return {
    shape: choices.join("|"),
    parse(text) {
      const found = choices.find((one) => one === text);
      if (found !== undefined) return found;
      throw new UserError(`must be ${choices.join(", ")}, not ${quoted(text)}${didYouMean(text, choices)}`);
    },
  };
}

const isGiven = (text: string | boolean | undefined): text is string => typeof text === "string";

/** An option that may be left out. */
export function optional<T>(kind: Kind<T>, doc: string): Flag<T | undefined> {
  const parse: Flag<T | undefined>["parse"] = (text) => (isGiven(text) ? kind.parse(text) : undefined);
  return { shape: kind.shape, doc, isSwitch: false, isRequired: false, parse };
}

export function required<T>(kind: Kind<T>, doc: string): Flag<T> {
  return {
    shape: kind.shape,
    doc,
    isSwitch: false,
    isRequired: true,
    parse(text) {
      if (!isGiven(text)) throw new UserError(`is missing: ${doc}`);
      return kind.parse(text);
    },
  };
}

/** An option with a value that stands where none is given, written as a person would. */
export function defaulted<T>(kind: Kind<T>, value: string, doc: string): Flag<T> {
  const parse: Flag<T>["parse"] = (text) => kind.parse(isGiven(text) ? text : value);
  return {
    shape: kind.shape,
    doc: `${doc} (${value === "" ? "none" : value})`,
    isSwitch: false,
    isRequired: false,
    parse,
  };
}

export function flag(doc: string): Flag<boolean> {
  return { shape: "", doc, isSwitch: true, isRequired: false, parse: (text) => text === true };
}
