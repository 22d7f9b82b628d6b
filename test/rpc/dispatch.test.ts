import fc from "fast-check";
import { expect, test } from "vitest";
import { createLog } from "../../node/log.ts";
import { answerText, callMethod, type Dispatcher } from "../../node/rpc/dispatch.ts";
import { DEFAULT_LIMITS } from "../../node/rpc/limits.ts";
import { METHODS } from "../../node/rpc/methods.ts";
import { createFakeNode } from "./fake-node.ts";

function dispatcher(): Dispatcher & { readonly logged: string[]; readonly calls: string[] } {
  const logged: string[] = [];
  const calls: string[] = [];
  const log = createLog({ level: "error", name: "rpc", write: (line) => logged.push(line) });
  const limits = { ...DEFAULT_LIMITS, commitTimeout: 0 };
  const ctx = { api: createFakeNode(2).api, log, limits, address: "tcp://127.0.0.1:1", commitWaiters: 0 };
  return { ctx, logged, calls, observe: (method, ok) => calls.push(`${method} ${ok}`) };
}

function isAnswer(text: string | undefined): boolean {
  if (text === undefined) return true;
  const value = JSON.parse(text) as { jsonrpc: unknown } | { jsonrpc: unknown }[];
  return (Array.isArray(value) ? value : [value]).every(({ jsonrpc }) => jsonrpc === "2.0");
}

test("whatever the text, the answer is JSON-RPC and nothing is thrown", async () => {
  const to = dispatcher();
  const texts = fc.oneof(
    fc.string(),
    fc.json({ maxDepth: 4 }),
    fc.json().map((json) => `[${json}]`),
  );
  await fc.assert(fc.asyncProperty(texts, async (text) => isAnswer(await answerText(to, text))));
  expect(to.logged).toEqual([]);
});

test("whatever the parameters of a method, no call is a fault of the node", async () => {
  const to = dispatcher();
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.integer().map(String),
    fc.base64String(),
    fc.constantFrom(
      "/store/key",
      "/cosmos.tx.v1beta1.Service/Simulate",
      "/cosmos.tx.v1beta1.Service/GetTx",
      "tx.height>1",
      "00ff",
    ),
  );
  for (const { name, params } of METHODS.values()) {
    const named = fc.record(Object.fromEntries(Object.keys(params).map((key) => [key, value])), { requiredKeys: [] });
    const run = async (given: unknown) => {
      const text = await callMethod(to, name, { json: given }, 1);
      expect(isAnswer(text)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(fc.oneof(named, fc.array(value, { maxLength: 6 })), run), { numRuns: 40 });
  }
  expect(to.logged).toEqual([]);
  expect(to.ctx.commitWaiters).toBe(0);
});

test("the checks above see a planted fault", async () => {
  const to = dispatcher();
  const broken = {
    ...to,
    ctx: {
      ...to.ctx,
      api: {
        ...to.ctx.api,
        peers: () => {
          throw new Error("planted");
        },
      },
    },
  };
  const text = await callMethod(broken, "net_info", { json: {} }, 1);
  expect(text).toContain("the node could not answer");
  expect(to.logged).toHaveLength(1);
  expect(isAnswer("{}")).toBe(false);
});

test("calls are observed under the names of the table only", async () => {
  const to = dispatcher();
  await answerText(to, '{"id":1,"method":"health"}');
  await answerText(to, '{"id":1,"method":"block","params":["x"]}');
  await answerText(to, '{"id":1,"method":"made up"}');
  expect(to.calls).toEqual(["health true", "block false", "unknown false"]);
});
