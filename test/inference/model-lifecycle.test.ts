import { expect, test } from "vitest";
import { fromUtf8, toHex, utf8 } from "../../chain/bytes.ts";
import { keepsBytes } from "../../modules/inference/deprecation.ts";
import { resolveModel } from "../../modules/inference/models.ts";
import { JOB_STATUS, MODEL_STATUS, models, names, versions } from "../../modules/inference/store.ts";
import { MsgRegisterModel } from "../../proto/inference.ts";
import { QueryModelVersionsRequest, QueryModelVersionsResponse } from "../../proto/inference-query.ts";
import { accountOf, SPEC } from "../modules/network.ts";
import { attestGenerated, type Chain, createChain, FOUR, INPUTS, jobOutput, manifestOf, values } from "./harness.ts";

const SHORT = { "inference.maxDeadline": 10n, "inference.appealWindow": 10n, "inference.jobRetention": 100n };
const OLD = manifestOf("digits");
const NEW = manifestOf("digits", { version: utf8("2.0.0"), modelRoot: manifestOf("two").modelRoot });
const NAMES = Object.keys(FOUR);
const both = () => createChain({ params: SHORT, models: [OLD, manifestOf("other")] });

function attest(chain: Chain, jobId: Uint8Array): void {
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 1)) });
  chain.block({ reveals: NAMES.map((name) => chain.reveal(name, jobId, 1)), outputs: [jobOutput(jobId, 1)] });
}

/** The second version, admitted or on its way. */
function registerNew(chain: Chain, admit = true): void {
  const jobIds: Uint8Array[] = [];
  const declaration = (name: string) => [{ name, dtype: "float32", shape: [1n, 2n] }];
  chain.block({
    run() {
      const message = MsgRegisterModel.fromPartial({
        owner: accountOf("owner"),
        name: "digits",
        version: "2.0.0",
        engineId: NEW.engineId,
        inputs: declaration("x"),
        outputs: declaration("y"),
        opset: 17,
        modelRoot: NEW.modelRoot,
        modelBytes: 1000n,
        fee: "10000",
        royaltyPpm: 100_000,
        parent: OLD.modelRoot,
        probes: [INPUTS],
        maxDeposit: { denom: SPEC.denom, amount: "900000000" },
      });
      jobIds.push(...chain.send.register(message).jobIds);
    },
  });
  const [jobId] = jobIds;
  if (!admit || jobId === undefined) return;
  attest(chain, jobId);
  attestGenerated(chain);
}

const resolved = (chain: Chain, text: string): string => {
  const { manifest } = resolveModel(chain.store, SPEC, text);
  return `${fromUtf8(manifest.name)}@${fromUtf8(manifest.version)}`;
};

test("a name means its newest active version; each version has a name of its own", () => {
  const chain = both();
  registerNew(chain, false);
  // One that is being admitted does not take the old one's place.
  expect(resolved(chain, "digits")).toBe("digits@1.0.0");
  expect(() => chain.request(1, { model: "digits@2.0.0" })).toThrow(/still being admitted/);
  const fresh = both();
  registerNew(fresh);
  const owner = accountOf("owner");
  for (const text of ["digits", `${owner}/digits`, "digits@2.0.0", `${owner}/digits@2.0.0`, toHex(NEW.modelRoot)]) {
    expect(resolved(fresh, text)).toBe("digits@2.0.0");
  }
  for (const text of ["digits@1.0.0", `${owner}/digits@1.0.0`]) expect(resolved(fresh, text)).toBe("digits@1.0.0");
  expect(() => resolved(fresh, "digits@3.0.0")).toThrow(/there is no model "digits@3.0.0"/);
  const { models: listed } = QueryModelVersionsResponse.decode(
    fresh.query("ModelVersions", QueryModelVersionsRequest.encode({ model: "digits" }).finish()),
  );
  expect(listed.map(({ version, parent }) => [version, toHex(parent)])).toEqual([
    ["2.0.0", toHex(OLD.modelRoot)],
    ["1.0.0", "00".repeat(32)],
  ]);
  expect(fresh.violations()).toEqual([]);
});

test("a version that fails its admission leaves the name as it was", () => {
  const chain = createChain({ params: { ...SHORT, "inference.admissionWindow": 2n } });
  registerNew(chain, false);
  chain.pass(3);
  expect(chain.model(NEW.modelRoot)?.status).toBe(MODEL_STATUS.failed);
  expect(resolved(chain, "digits")).toBe("digits@1.0.0");
  expect(chain.violations()).toEqual([]);
});

test("a deprecated model takes no requests, says what to use instead, and ends what is open", () => {
  const chain = both();
  registerNew(chain);
  const [open] = chain.request(1, { model: "digits" }) as [Uint8Array];
  chain.block({ run: () => void chain.send.deprecate("digits@2.0.0", "digits@1.0.0") });
  expect(() => chain.request(1, { model: "digits@2.0.0" })).toThrow(
    /digits is deprecated since height 11; its successor is digits@1\.0\.0 \([0-9a-f]{64}\)/,
  );
  // The name means the newest that is active.
  expect(resolved(chain, "digits")).toBe("digits@1.0.0");
  attest(chain, open);
  expect(chain.job(open).status).toBe(JOB_STATUS.final);
  expect(chain.violations()).toEqual([]);
});

test("where no version is active the name still says what became of it", () => {
  const chain = both();
  chain.block({ run: () => void chain.send.deprecate("digits") });
  expect(() => chain.request()).toThrow(/no successor is named/);
});

test("a part of the deposit returns once the last run can't be appealed any more, and nodes may then drop the bytes", () => {
  const chain = both();
  registerNew(chain);
  const deposit = chain.model(NEW.modelRoot)?.deposit ?? 0n;
  expect(deposit).toBe(1_010_000n);
  expect(chain.escrow()).toBe(deposit);
  const before = chain.balance("owner");
  chain.block({ run: () => void chain.send.deprecate("digits@2.0.0") });
  const kept = () => {
    const model = models.get(chain.store, NEW.modelRoot);
    return model !== undefined && keepsBytes(chain.store, model);
  };
  chain.pass(19);
  expect([chain.balance("owner") - before, kept()]).toEqual([0n, true]);
  const events = chain.block();
  expect(values(events, "model_deposit_returned", "returned")).toEqual([String((deposit * 8n) / 10n)]);
  expect([chain.balance("owner") - before, chain.escrow(), kept()]).toEqual([(deposit * 8n) / 10n, 0n, false]);
  expect(chain.violations()).toEqual([]);
});

test("a model that runs inline leaves the resident set", () => {
  const chain = createChain({ params: SHORT, models: [manifestOf("digits", { inline: true })] });
  chain.block({ run: () => void chain.send.deprecate("digits") });
  expect(() => chain.request(1, { lane: "inline" })).toThrow(/deprecated/);
  expect(chain.violations()).toEqual([]);
});

test("an offer changes nothing; who accepts it has the name, and the royalties from then on", () => {
  const chain = both();
  const [first] = chain.request() as [Uint8Array];
  chain.block({ run: () => void chain.send.transfer("digits", "user") });
  expect(chain.model(OLD.modelRoot)?.manifest.owner).toEqual(OLD.owner);
  chain.block({ run: () => void chain.send.accept("digits", "user") });
  expect(resolved(chain, `${accountOf("user")}/digits@1.0.0`)).toBe("digits@1.0.0");
  expect(() => resolved(chain, `${accountOf("owner")}/digits`)).toThrow(/there is no model/);
  const [owner, user] = [chain.balance("owner"), chain.balance("user")];
  attest(chain, first);
  expect(chain.balance("owner")).toBe(owner);
  expect(chain.balance("user")).toBeGreaterThan(user);
  expect(chain.violations()).toEqual([]);
});

test("an offer that is taken back, or that is another's, can't be accepted", () => {
  const chain = both();
  chain.block({ run: () => void chain.send.transfer("digits", "user") });
  expect(() => chain.block({ run: () => void chain.send.accept("digits", "owner") })).toThrow(/is not offered to/);
  chain.block({ run: () => void chain.send.transfer("digits", "owner") });
  expect(() => chain.block({ run: () => void chain.send.accept("digits", "user") })).toThrow(/is not offered to/);
});

test("the invariant sees a name that means another's model, and a version that is not listed", () => {
  const chain = both();
  const [[name]] = names.entries(chain.store) as [[[Uint8Array, Uint8Array], Uint8Array]];
  names.delete(chain.store, name);
  expect(chain.violations()[0]).toMatch(/no name means the models/);
  const other = both();
  const [[version]] = versions.entries(other.store) as [[[Uint8Array, Uint8Array], Uint8Array]];
  versions.delete(other.store, version);
  expect(other.violations()[0]).toMatch(/is not listed as a version/);
});
