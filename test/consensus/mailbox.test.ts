import { expect, test } from "vitest";
import { createMailbox } from "../../consensus/driver/mailbox.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("letters are handled one after another, in order, never inside post", async () => {
  const events: string[] = [];
  const box = createMailbox<string>(
    async (letter) => {
      events.push(`start ${letter}`);
      if (letter === "a") box.post("c");
      await turn();
      events.push(`end ${letter}`);
    },
    () => undefined,
    () => undefined,
  );
  box.post("a");
  box.post("b");
  expect(events).toEqual([]);
  for (let i = 0; i < 10; i++) await turn();
  expect(events).toEqual(["start a", "end a", "start b", "end b", "start c", "end c"]);
});

test("closing waits for the letter under way and discards the rest", async () => {
  const events: string[] = [];
  const box = createMailbox<string>(
    async (letter) => {
      await turn();
      events.push(`done ${letter}`);
    },
    (letter) => events.push(`discarded ${letter}`),
    () => undefined,
  );
  box.post("a");
  box.post("b");
  await Promise.resolve();
  await box.close();
  box.post("c");
  expect(events).toEqual(["done a", "discarded b", "discarded c"]);
});

test("a fault is reported once, and nothing is handled after it", async () => {
  const events: string[] = [];
  const box = createMailbox<string>(
    (letter) => Promise.reject(new Error(letter)),
    (letter) => events.push(`discarded ${letter}`),
    (error) => events.push(String(error)),
  );
  for (const letter of ["a", "b", "c"]) box.post(letter);
  for (let i = 0; i < 5; i++) await turn();
  box.post("d");
  await box.close();
  expect(events.filter((event) => event.startsWith("Error"))).toEqual(["Error: a"]);
  expect(events.filter((event) => event.startsWith("discarded")).sort()).toEqual(
    ["a", "b", "c", "d"].map((l) => `discarded ${l}`),
  );
});
