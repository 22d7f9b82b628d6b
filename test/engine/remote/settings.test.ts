import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultConfig, type NodeConfig } from "../../../node/config.ts";
import { endpointFault, endpointUrl, MODEL_ROW, modelNames, modelPath } from "../../../node/engine/remote/endpoint.ts";
import { remoteEngineOptions } from "../../../node/engine/remote/remote-settings.ts";
import { UserError } from "../../../node/user-error.ts";
import { temporaryFolder } from "../../node/temporary-folder.ts";

const ROOT = "0a".repeat(32);
const settings = (changes: Partial<NodeConfig["engine"]["remote"]>): NodeConfig["engine"]["remote"] => ({
  ...defaultConfig().engine.remote,
  ...changes,
});

test("without a URL there is no remote engine", () => {
  expect(remoteEngineOptions(settings({}))).toBeUndefined();
});

test("with one, the settings are its options", () => {
  const ca = join(temporaryFolder(), "ca.pem");
  writeFileSync(ca, "certificates");
  const options = remoteEngineOptions(settings({ url: "https://a.example", models: [`${ROOT}=digits/2`], ca }));
  expect(options).toMatchObject({
    url: "https://a.example",
    format: "binary",
    models: new Map([[ROOT, { name: "digits", version: "2" }]]),
    ca: "certificates",
    breaker: { failures: 5, delayMs: 1000, maxDelayMs: 60_000 },
  });
});

test("a file of certificates that is not there", () => {
  const missing = settings({ url: "https://a.example", ca: join(temporaryFolder(), "none.pem") });
  expect(() => remoteEngineOptions(missing)).toThrow(UserError);
  expect(() => remoteEngineOptions(missing)).toThrow("engine.remote.ca: ENOENT");
});

test.each(["http://127.0.0.1:8000", "https://[::1]:8000/prefix/", "http://triton"])("an address: %s", (url) =>
  expect(endpointFault(url)).toBeUndefined(),
);

test.each<[string, string]>([
  ["", "an http or https URL"],
  ["/v2", "an http or https URL"],
  ["unix:/run/x", "an http or https URL"],
  ["https://", "an http or https URL"],
  [`http://a/${"b".repeat(3000)}`, "an http or https URL"],
  ["http://me@host", "no name and password"],
  ["http://host?", "no query"],
  ["http://host/#a", "no query and no fragment"],
])("no address: %j", (url, rule) => expect(endpointFault(url)).toContain(rule));

test("paths are below the address, with or without its last slash", () => {
  for (const base of ["http://host/prefix", "http://host/prefix/"]) {
    expect(endpointUrl(base, "v2/health/live").href).toBe("http://host/prefix/v2/health/live");
  }
});

test("names of models go into paths as they are", () => {
  expect(modelPath({ name: "digits" })).toBe("v2/models/digits");
  expect(modelPath({ name: "digits", version: "v1.0" })).toBe("v2/models/digits/versions/v1.0");
  expect(modelNames([`${ROOT}=a`, `${ROOT}=b_c-1/7`])).toEqual(new Map([[ROOT, { name: "b_c-1", version: "7" }]]));
});

test.each([
  `${ROOT}`,
  `${ROOT}=`,
  `${ROOT}=../x`,
  `${ROOT}=.`,
  `${ROOT}=a/`,
  `${ROOT}=a/b/c`,
  `${ROOT}=a?b`,
  `${ROOT}=a b`,
  `${ROOT.toUpperCase()}=a`,
  `0a=a`,
])("no row of model names: %s", (row) => {
  expect(MODEL_ROW.test(row)).toBe(false);
  expect(() => modelNames([row])).toThrow("not a row of model names");
});
