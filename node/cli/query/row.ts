import { QueryClient } from "@cosmjs/stargate";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import type { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { UserError } from "../../user-error.ts";
import { messageToJson, withDecimals } from "../proto-json.ts";
import { type Flag, flag, integer, type Kind, optional } from "../tx/kinds.ts";

/** What a question is asked with. */
export interface Asked {
  /** The node's RPC. */
  readonly node: string;
  readonly comet: Comet38Client;
}

type Kinds = Readonly<Record<string, Kind<unknown>>>;
type Flags = Readonly<Record<string, Flag<unknown>>>;
type Parsed<A extends Kinds, F extends Flags> = { readonly [K in keyof A]: ReturnType<A[K]["parse"]> } & {
  readonly [K in keyof F]: ReturnType<F[K]["parse"]>;
};

/** One question that a node can be asked. */
export interface QueryRow {
  readonly path: string;
  readonly summary: string;
  readonly args: Kinds;
  readonly flags: Flags;
  /** The answer, to be printed as JSON. */
  ask(values: Readonly<Record<string, unknown>>, asked: Asked): Promise<unknown>;
  /** How people read the answer, where that is not JSON; `--json` prints that. */
  text?(answer: unknown): string;
}

interface Question<A extends Kinds, F extends Flags> {
  readonly path: string;
  readonly summary: string;
  readonly args?: A;
  readonly flags?: F;
  ask(values: Parsed<A, F>, asked: Asked): Promise<unknown>;
}

export function questionRow<const A extends Kinds, const F extends Flags>(question: Question<A, F>): QueryRow {
  const { path, summary, args, flags } = question;
  return {
    path,
    summary,
    args: args ?? {},
    flags: flags ?? {},
    ask: (values, asked) => question.ask(values as Parsed<A, F>, asked),
  };
}

const base64: Kind<Uint8Array> = {
  shape: "base64",
  parse(text) {
    if (!/^[A-Za-z0-9+/]{1,1000}={0,2}$/.test(text)) throw new UserError("must be the next_key of the page before");
    return Uint8Array.from(Buffer.from(text, "base64"));
  },
};

export const HEIGHT = { height: optional(integer, "at a past height; the latest if not given") } as const;
const PAGE = {
  limit: optional(integer, "how many at most; 100 if not given"),
  "page-key": optional(base64, "the next_key of the page before"),
  reverse: flag("the last ones first"),
} as const;

interface Request<Q> {
  encode(message: Q): { finish(): Uint8Array };
}
interface Response<R> {
  decode(bytes: Uint8Array): R;
  toJSON(message: R): unknown;
}

interface Definition<A extends Kinds, F extends Flags, Q, R> {
  /** `bank balances`. */
  readonly path: string;
  readonly summary: string;
  /** Full name, `cosmos.bank.v1beta1.Query/AllBalances`. */
  readonly method: string;
  readonly codecs: readonly [request: Request<Q>, response: Response<R>];
  readonly args?: A;
  readonly flags?: F;
  /** Fields of the answer, wherever they are, that hold numbers scaled by 10^18. */
  readonly decimals?: readonly string[];
  readonly isPaged?: boolean;
  request(values: Parsed<A, F>, pagination: PageRequest): Q;
}

/** A question to a module: how a command line becomes the request, and which fields of the answer are decimals. */
export function queryRow<const A extends Kinds, const F extends Flags, Q, R>(
  definition: Definition<A, F, Q, R>,
): QueryRow {
  const { path, summary, method, codecs, args, flags, decimals = [], isPaged = false } = definition;
  const [request, response] = codecs;
  return {
    path,
    summary,
    args: args ?? {},
    flags: { ...flags, ...HEIGHT, ...(isPaged ? PAGE : {}) },
    async ask(values, { comet }) {
      const {
        height,
        limit,
        reverse,
        "page-key": key,
      } = values as {
        readonly height?: bigint;
        readonly limit?: bigint;
        readonly reverse?: boolean;
        readonly "page-key"?: Uint8Array;
      };
      const pagination = {
        key: key ?? new Uint8Array(0),
        offset: 0n,
        limit: limit ?? 100n,
        countTotal: false,
        reverse: reverse === true,
      };
      const bytes = request.encode(definition.request(values as Parsed<A, F>, pagination)).finish();
      const at = height === undefined ? undefined : Number(height);
      const answer = await QueryClient.withExtensions(comet).queryAbci(`/${method}`, bytes, at);
      return withDecimals(messageToJson(response, response.decode(answer.value)), decimals);
    },
  };
}
