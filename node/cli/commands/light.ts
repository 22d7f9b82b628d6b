import { toHex } from "../../../chain/bytes.ts";
import { LightClientAttackEvidence } from "../../../chain/types/evidence.ts";
import { LightBlock } from "../../../chain/types/light-block.ts";
import { type LightClient, LightClientAttack } from "../../../client/light-client.ts";
import { cometClient } from "../../../client/node-rpc.ts";
import { provenState } from "../../../client/proofs.ts";
import { attackEvidence } from "../../../consensus/light/attack-evidence.ts";
import { lightBlockId } from "../../../consensus/light/verify.ts";
import { parseArguments } from "../arguments.ts";
import { forPeople, toJsonText } from "../client.ts";
import type { Command, Io } from "../command.ts";
import { LIGHT_OPTIONS, lightSetup } from "../light-options.ts";
import { parseProofPath } from "../proof-path.ts";
import { stopSignal } from "../stop-signal.ts";

/** Between two looks for a new block. */
const LOOK_MS = 500;

function print(io: Io, block: LightBlock): void {
  const { header, commit, validators } = block;
  const signers = validators.filter((_, index) => commit.signers.get(index)).length;
  const time = new Date(header.time).toISOString();
  io.out(`${header.height} ${time} ${toHex(lightBlockId(block))} ${signers}/${validators.length} signed`);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/**
 * Evidence for people to hand on: light blocks, and what a block of the other side's chain would carry, as base64 of their SSZ.
 */
function printEvidence(io: Io, { againstPrimary, againstWitness }: LightClientAttack): void {
  for (const [accused, found] of Object.entries({ primary: againstPrimary, witness: againstWitness })) {
    if (found === undefined) continue;
    const [trusted, conflicting] = [found.trusted, found.conflicting].map((block) =>
      base64(LightBlock.serialize(block)),
    );
    const evidence = attackEvidence(found);
    const submit = evidence === undefined ? null : base64(LightClientAttackEvidence.serialize(evidence));
    io.out(toJsonText({ accused, commonHeight: found.commonHeight, trusted, conflicting, evidence: submit }));
  }
}

/** Prints each newly verified block until a signal comes. */
async function follow(client: LightClient, io: Io): Promise<void> {
  const signal = stopSignal();
  let running = true;
  const stopped = signal.stopped.then(() => {
    running = false;
  });
  try {
    for (let last = client.latest; running; ) {
      const latest = await client.update();
      if (latest.header.height > last.header.height) print(io, latest);
      last = latest;
      await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
    }
  } finally {
    signal.dispose();
  }
}

export const light: Command = {
  name: "light",
  summary: "follows the chain by signatures alone, trusting no node, and proves what is in its state",
  usage: [
    "light --trust-height n --trust-hash <block id> --primary url [--witness url …] [--once] [--prove path]",
    "light … [--trust-period seconds] [--trust-level 1/3] [--genesis-root hex] [--sequential]",
  ].join("\n"),
  async run(args, io) {
    const { values } = parseArguments(light, args, {
      ...LIGHT_OPTIONS,
      once: { type: "boolean", default: false },
      prove: { type: "string" },
    });
    const connect = lightSetup(light.name, values);
    const question = values.prove === undefined ? undefined : parseProofPath(values.prove);
    try {
      const { client } = await connect();
      const first = client.latest;
      print(io, first);
      if (!values.once && question === undefined) {
        await follow(client, io);
        return 0;
      }
      const block = await client.update();
      if (block !== first) print(io, block);
      if (question === undefined) return 0;
      const value = await provenState(cometClient(client.primary.name), block.header, question);
      io.out(toJsonText({ height: block.header.height, path: values.prove, value: value ?? null }));
      return 0;
    } catch (error) {
      if (error instanceof LightClientAttack) printEvidence(io, error);
      throw forPeople(error);
    }
  },
};
