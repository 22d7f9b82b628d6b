import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { LightBlock } from "../../chain/types/light-block.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import { receiptToJson } from "../../modules/inference/receipt.ts";
import { validators } from "../../modules/staking/store.ts";
import { provenValue } from "../../node/rpc/state-proof.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import { at, GENESIS_ROOT, justAfter, makeChain, steady } from "../light/chain-maker.ts";
import { bytes, committeeOf, signedReceipt, trustedJson } from "./receipt-fixture.ts";

const CLIENT = join(import.meta.dirname, "../../client");

interface Bundle {
  readonly code: string;
  /** What is not in the bundle and would have to be had from elsewhere. */
  readonly imports: readonly string[];
  readonly complaints: readonly string[];
}

/** Bundles a file as a dApp would, for browsers. */
async function bundle(path: string): Promise<Bundle> {
  const complaints: string[] = [];
  const build = await rolldown({
    input: path,
    platform: "browser",
    onLog: (level, { code, message }) => {
      if (level === "warn") complaints.push(`${code}: ${message}`);
    },
  });
  const { output } = await build.generate({ format: "iife", name: "bundled", codeSplitting: false });
  await build.close();
  const [chunk] = output;
  return { code: chunk.code, imports: [...chunk.imports, ...chunk.dynamicImports], complaints };
}

test.each([
  "assay-client.ts",
  "verify-receipt.ts",
  "light-client.ts",
  "light-provider.ts",
  "proofs.ts",
  "eip2537-receipt.ts",
  "settled-receipt.ts",
  "settlement-json.ts",
  "upload-model.ts",
])("%s bundles for browsers without anything of Node", async (file) => {
  const { imports, complaints, code } = await bundle(join(CLIENT, file));
  expect({ imports, complaints }).toEqual({ imports: [], complaints: [] });
  expect(code).not.toMatch(/(require|import)\(\s*["']node:/);
});

test("a file that needs Node would be noticed", async () => {
  const { imports, complaints } = await bundle(join(CLIENT, "../chain/crypto/hash.ts"));
  expect([...imports, ...complaints].join()).toContain("node:crypto");
});

test("the whole client loads with what every browser has", async () => {
  const { code } = await bundle(join(CLIENT, "assay-client.ts"));
  const context = createContext({ TextEncoder, TextDecoder, crypto, URL });
  new Script("globalThis.self = globalThis").runInContext(context);
  new Script(code).runInContext(context);
  expect(new Script("[typeof bundled.connectAssay, typeof Buffer].join()").runInContext(context)).toBe(
    "function,undefined",
  );
});

test("the verifier runs with what every browser has", async () => {
  const { code } = await bundle(join(CLIENT, "verify-receipt.ts"));
  // No Buffer, no process, no require.
  const context = createContext({ TextEncoder, TextDecoder, crypto });
  new Script(code).runInContext(context);
  const committee = committeeOf([40n, 30n, 20n, 10n]);
  const receipt = receiptToJson(signedReceipt(committee, [0, 1, 3]));
  const verdict = (json: unknown): unknown => {
    const texts = [JSON.stringify(json), JSON.stringify(trustedJson(committee))].map((text) => JSON.stringify(text));
    const call = `bundled.verifyReceipt(bundled.parseReceipt(JSON.parse(${texts[0]})), bundled.parseTrustedSet(JSON.parse(${texts[1]})))`;
    return new Script(`JSON.stringify(${call})`).runInContext(context);
  };
  expect(verdict(receipt)).toBe('{"valid":true}');
  const forged = { ...receipt, outputRoot: Buffer.from(bytes(32, 6)).toString("hex") };
  expect(verdict(forged)).toBe(`{"valid":false,"reason":"the signature is not the signers'"}`);
});

test.each(["eip2537-receipt.ts", "settled-receipt.ts", "settlement-json.ts"])(
  "%s loads with what every browser has",
  async (file) => {
    const { code } = await bundle(join(CLIENT, file));
    const context = createContext({ TextEncoder, TextDecoder, crypto, URL, setTimeout });
    new Script(`globalThis.self = globalThis; ${code}`).runInContext(context);
    expect(new Script("[typeof bundled, typeof Buffer].join()").runInContext(context)).toBe("object,undefined");
  },
);

test("a light client follows a chain and proves a field with what every browser has", { timeout: 20_000 }, async () => {
  const { code, imports, complaints } = await bundle(join(import.meta.dirname, "browser-entry.ts"));
  expect({ imports, complaints }).toEqual({ imports: [], complaints: [] });
  const chain = makeChain(
    steady(
      [
        [1, 10],
        [2, 10],
        [3, 10],
      ],
      5,
    ),
  );
  const store = createMemoryStore();
  const overlay = createOverlay(store.latest);
  const operator = bytes(20, 9);
  validators.set(overlay, operator, { ...validators.type.defaultValue(), tokens: 77n });
  await store.commit(store.prepare(0, overlay.changes()), []);
  const proof = store.prove(validators.storeKey(operator), 0);
  if (proof === undefined) throw new Error("no proof");
  const { value = new Uint8Array(), ops } = provenValue(proof, ["tokens"]);

  const hex = (of: Uint8Array): string => JSON.stringify(toHex(of));
  const context = createContext({ TextEncoder, TextDecoder, crypto, URL, setTimeout });
  new Script(`globalThis.self = globalThis; ${code}`).runInContext(context);
  const script = `(async () => {
    const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16));
    const chain = [${chain.map((block) => hex(LightBlock.serialize(block))).join()}].map((text) => bundled.LightBlock.deserialize(bytes(text)));
    const primary = { name: "primary", lightBlock: async (height = chain.length) => chain[height - 1] };
    const client = await bundled.createLightClient({
      genesisRoot: bytes(${hex(GENESIS_ROOT)}),
      trust: { height: 2, blockId: bytes(${hex(lightBlockId(at(chain, 2)))}) },
      trustingPeriod: 3600000, primary, witnesses: [primary], now: () => ${justAfter(chain)},
    });
    const { header } = await client.update();
    const ops = [${ops.map((op) => `{ type: "${op.type}", key: bytes(${hex(op.key)}), data: bytes(${hex(op.data)}) }`).join()}];
    const comet = { abciQuery: async () => ({ code: 0, height: header.height, value: bytes(${hex(value)}), proof: { ops } }) };
    const trusted = { height: header.height, stateRoot: bytes(${hex(store.root)}) };
    const { storeKey, type } = bundled.validators;
    const tokens = await bundled.provenState(comet, trusted, { key: storeKey(bytes(${hex(operator)})), type, path: ["tokens"] });
    return header.height + " " + tokens;
  })()`;
  expect(await (new Script(script).runInContext(context) as Promise<string>)).toBe("5 77");
});
