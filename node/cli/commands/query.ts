import { StargateClient } from "@cosmjs/stargate";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { equalBytes, toHex } from "../../../chain/bytes.ts";
import { ValidatorSet } from "../../../chain/types/validator.ts";
import { type InferenceQueries, inferenceQueries } from "../../../client/queries.ts";
import { parseTrustedSet, type TrustedSet } from "../../../client/verify-receipt.ts";
import { didYouMean } from "../../../genesis/nearest.ts";
import { genesisRoot } from "../../../genesis/root.ts";
import { UserError } from "../../user-error.ts";
import { decodeAnyAddress } from "../addresses.ts";
import { integerOption, parseArguments } from "../arguments.ts";
import { NODE_OPTIONS, toJsonText, withReader } from "../client.ts";
import type { Command } from "../command.ts";
import { genesisDocument } from "../genesis-document.ts";

interface Ask {
  readonly node: string;
  readonly comet: Comet38Client;
  readonly queries: InferenceQueries;
  readonly argument: string;
  readonly height: number | undefined;
}

/** The set that voted on a block, as `assay verify` takes it. What the node says is checked as far as it can be without trust. */
async function validatorSet({ node, comet, queries, height }: Ask): Promise<TrustedSet> {
  const set = await queries.validatorSet(height);
  if (height !== undefined && set.height !== BigInt(height)) {
    throw new UserError(`the node answers with the set of height ${set.height}, asked for ${height}`);
  }
  const document = await genesisDocument(node);
  const { nodeInfo } = await comet.status();
  if (document.chainId !== nodeInfo.network) {
    throw new UserError(`the node is of ${nodeInfo.network}, its genesis document of ${String(document.chainId)}`);
  }
  const json = {
    chainId: nodeInfo.network,
    genesisRoot: toHex(genesisRoot(document)),
    height: Number(set.height),
    validators: set.validators.map((validator) => ({
      operator: toHex(decodeAnyAddress(validator.operator)),
      identityKey: toHex(validator.identityKey),
      voteKey: toHex(validator.voteKey),
      power: validator.power.toString(),
    })),
  };
  if (!equalBytes(ValidatorSet.hashTreeRoot([...parseTrustedSet(json).validators]), set.root)) {
    throw new UserError("the node's validators are not those of the root that it gives");
  }
  return json;
}

interface Question {
  /** What its argument is, if it takes one. */
  readonly argument?: string;
  ask(ask: Ask): Promise<unknown>;
}

const QUESTIONS: Readonly<Record<string, Question>> = {
  "validator-set": { ask: validatorSet },
  status: { ask: ({ comet }) => comet.status() },
  models: { ask: ({ queries }) => queries.models() },
  balance: {
    argument: "an address",
    ask: ({ comet, argument }) => StargateClient.create(comet).getAllBalances(argument),
  },
  account: {
    argument: "an address",
    ask: ({ comet, argument }) => StargateClient.create(comet).getAccount(argument),
  },
  model: { argument: "a model", ask: ({ queries, argument }) => queries.model(argument) },
  job: { argument: "a job id", ask: ({ queries, argument }) => queries.job(argument) },
  committee: { argument: "a job id", ask: ({ queries, argument }) => queries.committee(argument) },
};

export const query: Command = {
  name: "query",
  summary: "asks a node and prints the answer as JSON",
  usage: [
    "query validator-set [--height n] [--node url]",
    "query status|models [--node url]",
    "query balance|account <address> [--node url]",
    "query model <name> | job <id> | committee <id> [--node url]",
  ].join("\n"),
  async run(args, io) {
    const { values, positionals } = parseArguments(query, args, { ...NODE_OPTIONS, height: { type: "string" } }, [
      `one of ${Object.keys(QUESTIONS).join(", ")}`,
      "argument?",
    ]);
    const [what = "", argument] = positionals;
    const question = Object.hasOwn(QUESTIONS, what) ? QUESTIONS[what] : undefined;
    if (question === undefined) {
      throw new UserError(`query: nothing is called "${what}"${didYouMean(what, Object.keys(QUESTIONS))}`);
    }
    if (question.argument !== undefined && argument === undefined) {
      throw new UserError(`query ${what}: ${question.argument} is missing`);
    }
    if (question.argument === undefined && argument !== undefined) {
      throw new UserError(`query ${what}: takes no argument, found "${argument}"`);
    }
    if (values.height !== undefined && what !== "validator-set") {
      throw new UserError(`query ${what}: --height is only for validator-set`);
    }
    const height =
      values.height === undefined ? undefined : integerOption("height", values.height, 1, Number.MAX_SAFE_INTEGER);
    const answer = await withReader(values.node, (comet, node) =>
      question.ask({ node, comet, queries: inferenceQueries(comet), argument: argument ?? "", height }),
    );
    io.out(toJsonText(answer));
    return 0;
  },
};
