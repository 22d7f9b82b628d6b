import { afterEach, expect, test, vi } from "vitest";
import { defaultConfig } from "../../../node/config.ts";
import type { Engine } from "../../../node/engine/engine.ts";
import { toleranceEngineId } from "../../../node/engine/engine-id.ts";
import { openRemote } from "../../../node/engine/remote/open-remote.ts";
import type { Logger } from "../../../node/log.ts";
import { conformingServer } from "./conforming-server.ts";
import { ROOT_HEX, reasonOf, request } from "./engine-fixture.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

let engine: Engine | undefined;
let server: TestServer | undefined;
afterEach(async () => {
  await engine?.close();
  await server?.close();
  engine = undefined;
  server = undefined;
});

const told: string[] = [];
const log: Logger = {
  debug: () => undefined,
  info: (_, message) => void told.push(`info: ${message}`),
  warn: ({ reason }, message) => void told.push(`warn: ${message} (${String(reason)})`),
  error: () => undefined,
  child: () => log,
};

/** What a node with this setting has at its start. */
function open(url: string): Engine | undefined {
  told.length = 0;
  const config = defaultConfig();
  engine = openRemote({ ...config, engine: { ...config.engine, remote: { ...config.engine.remote, url } } }, log);
  return engine;
}

test("without a server in the settings there is no remote engine", () => {
  expect(open("")).toBeUndefined();
  expect(told).toEqual([]);
});

test("a server that answers is told, and runs models of the class tolerance", async () => {
  server = await startTestServer(conformingServer({ models: { [ROOT_HEX]: "FP32" } }));
  const remote = open(server.url);
  expect(remote?.id).toEqual(toleranceEngineId());
  await vi.waitUntil(() => told.length > 0);
  expect(told).toEqual(["info: the inference server is ready"]);
  expect((await remote?.run(request()))?.kind).toBe("ok");
});

test("a server that is down is told with the reason; a run there is refused, and one is made when it has come back", async () => {
  server = await startTestServer(conformingServer({ models: { [ROOT_HEX]: "FP32" } }));
  const { url } = server;
  await server.close();
  const remote = open(url);
  await vi.waitUntil(() => told.length > 0);
  expect(told[0]).toMatch(/^warn: the inference server is not ready: until it is, no model .* is attested \(.+\)$/);
  expect(reasonOf((await remote?.run(request())) ?? { kind: "absent", reason: "" })).toMatch(/./);
  server = await startTestServer(conformingServer({ models: { [ROOT_HEX]: "FP32" } }), {
    port: Number(new URL(url).port),
  });
  expect((await remote?.run(request()))?.kind).toBe("ok");
});
