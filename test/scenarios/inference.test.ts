import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { AssayClient, InferenceResult } from "../../client/assay-client.ts";
import type { TensorInput } from "../../client/tensors.ts";
import { parseTrustedSet, type TrustedSet, verifyReceipt } from "../../client/verify-receipt.ts";
import { genesisRoot } from "../../genesis/root.ts";
import { type Tensor, Tensors } from "../../modules/inference/tensors.ts";
import { decodeAnyAddress } from "../../node/cli/addresses.ts";
import { homePaths } from "../../node/home.ts";
import { MsgRequestInference } from "../../proto/inference.ts";
import { unary } from "../engine/onnx-builder.ts";
import { CNN_DIGITS, type FixtureModel, fixtureModel, manifestOf, register, rowOf } from "./models.ts";
import { useNetwork } from "./network.ts";
import { chainQueries, signersAt } from "./rpc.ts";
import { eventually } from "./wait.ts";

/**
 * SHA-256 of the bytes of each output tensor for rows 0 and 1 of the inputs, each run alone by the canonical engine: found
 * equal in 19 environments, see test/fixtures/models/manifest.json.
 */
const MODELS: readonly (FixtureModel & { readonly hashes: readonly (readonly string[])[] })[] = [
  {
    ...CNN_DIGITS,
    hashes: [
      [
        "9606a550c0aa77e85cf81b08c02b7139c63599f34496c8e75c400dd6fa3b3a77",
        "d92b65c27be1a56d83f54d3a8588f9a4a308fc167c91f16a1039f7bfb25057fe",
      ],
      [
        "08cc2c10604320486d2bfb326291e42008cf06e60cd7dba03757e9c536d8b4ef",
        "a2370fbcaddcfcb9e12d6e5d29e4230c58029ef47a4bef60da13576bab3d5c53",
      ],
    ],
  },
  {
    name: "rf_cancer",
    inputShape: [1, 30],
    outputs: [
      { name: "label", dtype: "int64", shape: [1] },
      { name: "prob", dtype: "float32", shape: [1, 2] },
    ],
    hashes: [
      [
        "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc",
        "472a3e443adc48c7c76e6b9f00d93725de89ae069947792e9971db364b0b2f4b",
      ],
      [
        "7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8",
        "73dd3b33d150a52413dfe0ab3a2949bbcee595622fb62b860eb5c659cba4c379",
      ],
    ],
  },
  {
    name: "lstm_digits",
    inputShape: [1, 8, 8],
    outputs: [{ name: "logits", dtype: "float32", shape: [1, 10] }],
    hashes: [
      ["4e42a3527f951d9586d8b97620add9ea7363ae673b0276d024657a32badd9c40"],
      ["697c60220dbdfde194da23a6dbb926c454b74101cf591d60061488967ae87480"],
    ],
  },
  {
    name: "transformer_enc",
    inputShape: [1, 32, 64],
    outputs: [{ name: "y", dtype: "float32", shape: [1, 32, 64] }],
    hashes: [
      ["6d424a30e73358bd6c797e4fc889d1f452306aefce919f20ec2e1e8e0ac478cc"],
      ["9828c9280129dbf76c0c74534f5f37b9a47bea23eab85f19647170ed59832d20"],
    ],
  },
];

const network = useNetwork({ offset: 5300 });
let client: AssayClient;

beforeAll(async () => {
  client = await network.client(0);
  const owners = await Promise.all(MODELS.map((_, n) => network.client(n)));
  await Promise.all(
    MODELS.map(async (model, n) => {
      const owner = owners[n];
      if (owner !== undefined) await network.admit(owner, fixtureModel(model));
    }),
  );
});

/** The set that voted at a height, with the genesis root from this machine's own file. */
async function setAt(height: number): Promise<TrustedSet> {
  const set = await client.queries.validatorSet(height);
  const [node] = network.local.nodes;
  const document: unknown = JSON.parse(readFileSync(homePaths(node?.home ?? "").genesis, "utf8"));
  return {
    chainId: network.local.chainId,
    genesisRoot: toHex(genesisRoot(document)),
    height: Number(set.height),
    validators: set.validators.map(({ operator, identityKey, voteKey, power }) => ({
      operator: toHex(decodeAnyAddress(operator)),
      identityKey: toHex(identityKey),
      voteKey: toHex(voteKey),
      power: power.toString(),
    })),
  };
}

function receiptOf({ receipt, status }: InferenceResult) {
  expect(status).toBe("FINAL");
  if (receipt === undefined) throw new Error("a final job without receipt");
  return receipt;
}

describe("attested outputs", () => {
  test.each(MODELS)("of $name are the canonical bytes, with receipts that verify", async (model) => {
    for (const [row, hashes] of model.hashes.entries()) {
      const result = await client.infer(model.name, rowOf(model, row));
      const receipt = receiptOf(result);
      expect(result.outputs.map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual(model.outputs);
      expect(result.outputs.map(({ data }) => toHex(sha256(data)))).toEqual(hashes);
      expect(verifyReceipt(receipt, parseTrustedSet(await setAt(result.requestedHeight)))).toEqual({ valid: true });
    }
  });

  test("are not proven to whoever trusts another set, who is told which one is needed", async () => {
    const result = await client.infer("cnn_digits", rowOf(CNN_DIGITS, 2));
    const receipt = receiptOf(result);
    const set = await setAt(result.requestedHeight);
    const wrong = parseTrustedSet({ ...set, height: 1, validators: set.validators.slice(1) });
    const verdict = verifyReceipt(receipt, wrong);
    expect(verdict.valid).toBe(false);
    expect(verdict.valid ? "" : verdict.reason).toContain(`query validator-set --height ${result.requestedHeight}`);

    const forged = { ...receipt, outputRoot: sha256(receipt.outputRoot) };
    expect(verifyReceipt(forged, parseTrustedSet(set))).toEqual({
      valid: false,
      reason: "the signature is not the signers'",
    });
  });
});

describe("a bad request", () => {
  const FEE = 20_000n;

  function tensor(shape: readonly number[], dtype = 1): Tensor {
    const elements = shape.reduce((product, axis) => product * axis, 1);
    return { dtype, shape: [...shape], data: new Uint8Array(4 * elements) };
  }
  const good = Tensors.serialize([tensor([1, 1, 8, 8])]);

  const cases: readonly (readonly [what: string, request: Partial<MsgRequestInference>, code: number, log: RegExp])[] =
    [
      ["an unknown model", { model: "no_such_model" }, 2, /no model has the name "no_such_model"/],
      [
        "another dtype",
        { inputs: Tensors.serialize([tensor([1, 1, 8, 8], 5)]) },
        7,
        /tensor 0 "x": dtype is .*, expected float32/,
      ],
      [
        "another shape",
        { inputs: Tensors.serialize([tensor([1, 1, 8, 7])]) },
        7,
        /tensor 0 "x": shape is \[1,1,8,7\], expected \[1,1,8,8\]/,
      ],
      ["a tensor too many", { inputs: Tensors.serialize([tensor([1]), tensor([1])]) }, 7, /2 tensors, expected 1/],
      ["bytes that are no tensors", { inputs: new Uint8Array([1, 2, 3]) }, 7, /not serialised SSZ tensors/],
      [
        "less than the price",
        { maxFee: { denom: "uassay", amount: "5099" } },
        8,
        /max_fee is 5099uassay, required: \d+uassay/,
      ],
      ["a deadline in the past", { deadline: 1n }, 10, /deadline 1 in block/],
    ];

  test.each(cases)("with %s is refused in words, and costs its fee only", async (_, request, code, log) => {
    const { denom } = client;
    const before = await client.stargate.getBalance(client.address, denom);
    const value = MsgRequestInference.fromPartial({
      requester: client.address,
      model: "cnn_digits",
      inputs: good,
      maxFee: { denom, amount: "5200" },
      ...request,
    });
    const fee = { gas: "800000", amount: [{ denom, amount: String(FEE) }] };
    const message = { typeUrl: MsgRequestInference.typeUrl, value };
    const hash = await client.stargate.signAndBroadcastSync(client.address, [message], fee);
    const tx = await eventually(
      "the transaction in a block",
      async () => (await client.stargate.getTx(hash)) ?? undefined,
    );
    expect(tx.code).toBe(code);
    expect(tx.rawLog).toMatch(log);
    const after = await client.stargate.getBalance(client.address, denom);
    expect(BigInt(before.amount) - BigInt(after.amount)).toBe(FEE);
  });

  test("is found by the client before anything is sent", async () => {
    const { sequence } = await client.stargate.getSequence(client.address);
    const { x } = rowOf(CNN_DIGITS, 0);
    const infer = (model: string, inputs: Readonly<Record<string, TensorInput>>) => client.infer(model, inputs);
    await expect(infer("no_such_model", { x })).rejects.toThrow(/no_such_model/);
    await expect(infer("cnn_digits", { y: x })).rejects.toThrow(/no input y.*x/);
    await expect(infer("cnn_digits", { x: { ...x, dtype: "float64" } })).rejects.toThrow(/float64.*float32/);
    await expect(infer("cnn_digits", { x: { ...x, shape: [8, 8] } })).rejects.toThrow(/\[8, 8\].*\[1, 1, 8, 8\]/);
    expect((await client.stargate.getSequence(client.address)).sequence).toBe(sequence);
  });

  test("with gas paid below the minimum does not get in", async () => {
    const { denom } = client;
    const before = await client.stargate.getBalance(client.address, denom);
    const value = MsgRequestInference.fromPartial({ requester: client.address, model: "cnn_digits", inputs: good });
    const message = { typeUrl: MsgRequestInference.typeUrl, value };
    const fee = { gas: "800000", amount: [{ denom, amount: "1" }] };
    await expect(client.stargate.signAndBroadcast(client.address, [message], fee)).rejects.toThrow(/fee|coins/);
    expect(await client.stargate.getBalance(client.address, denom)).toEqual(before);
  });
});

test("a model that the engine can't load fails its admission, with a reason, and its deposit burns", async () => {
  const bytes = unary("Nonsense");
  const { manifest, ...file } = manifestOf(CNN_DIGITS, bytes, { name: "broken" });
  const broken = { ...file, manifest: { ...manifest, opset: 17 } };
  const queries = await chainQueries(network.rpc(0));
  const before = await queries.supply(client.denom);
  const failed = await register(client, network.rpc(0), broken);
  expect(failed.status).toBe("FAILED");
  expect(failed.failure).toMatch(/probe.*error of the engine/);
  expect(failed.deposit).toBe("0");
  // inference.depositBase, and depositPerByte for each of them.
  expect(before - (await queries.supply(client.denom))).toBe(1_000_000n + 10n * BigInt(bytes.length));
  const { x } = rowOf(CNN_DIGITS, 0);
  await expect(client.infer(broken.root, { x })).rejects.toThrow(/failed its admission/);
});

test("a validator whose engine is killed goes on voting, and attests again with a new one", async () => {
  const { consensus, operator } = network.validator(1);
  const engine = () => network.children(1).find(({ command }) => command.includes("engine/worker.ts"))?.pid;
  const killed = engine();
  if (killed === undefined) throw new Error("node 1 has no engine process");
  process.kill(killed, "SIGKILL");
  const died = await network.height(0);

  const result = await client.infer("cnn_digits", rowOf(CNN_DIGITS, 1));
  receiptOf(result);
  expect(result.outputs.map(({ data }) => toHex(sha256(data)))).toEqual(MODELS[0]?.hashes[1]);
  await network.waitForHeight(0, died + 5);
  await eventually("a commit that it signed", async () => {
    const { signed } = await signersAt(network.rpc(0), (await network.height(0)) - 1);
    return signed.includes(consensus) ? true : undefined;
  });

  expect(await eventually("a new engine process", async () => engine())).not.toBe(killed);
  await eventually("an attestation of its", async () => {
    const { job } = await client.infer("cnn_digits", rowOf(CNN_DIGITS, 4));
    return job.members.find((member) => member.operator === operator)?.revealed === true ? true : undefined;
  });
});
