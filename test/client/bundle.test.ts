import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";
import { receiptToJson } from "../../modules/inference/receipt.ts";
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

test.each(["assay-client.ts", "verify-receipt.ts"])(
  "%s bundles for browsers without anything of Node",
  async (file) => {
    const { imports, complaints, code } = await bundle(join(CLIENT, file));
    expect({ imports, complaints }).toEqual({ imports: [], complaints: [] });
    expect(code).not.toMatch(/(require|import)\(\s*["']node:/);
  },
);

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
