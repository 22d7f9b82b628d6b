import { TooLate } from "./errors.ts";

/** How often to look without being told to, in milliseconds: a websocket may be lost or refused. */
const LOOK_MS = 1000;
const SUBSCRIBE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "subscribe",
  params: { query: "tm.event='NewBlockHeader'" },
});

/** Says when it is worth looking again. Its websocket is only a bell: nothing that comes over it is read. */
export interface BlockBell {
  /**
   * Asks at once and after each block until there is a value. Blocks that come while it asks lead to one more question.
   * @param what names it in the error.
   * @throws TooLate after `ms` milliseconds, or what `ask` throws.
   */
  until<T>(what: string, ms: number, ask: () => Promise<T | undefined>): Promise<T>;
  close(): void;
}

/**
 * Listens for new blocks. Where no websocket can be had it falls back to looking every second.
 * @param endpoint the node's RPC, `http://…` or `https://…`.
 * @example
 * const bell = blockBell("http://127.0.0.1:26657");
 * const tip = await bell.until("block 5", 10_000, async () => ((await height()) >= 5 ? true : undefined));
 * bell.close();
 */
export function blockBell(endpoint: string): BlockBell {
  const socket = new WebSocket(`${endpoint.replace(/^http/, "ws").replace(/\/$/, "")}/websocket`);
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  socket.addEventListener("open", () => socket.send(SUBSCRIBE));
  socket.addEventListener("message", ring);
  // Without the socket the regular look remains.
  socket.addEventListener("error", ring);

  function nextRing(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        wake = undefined;
        resolve();
      }
      wake = done;
      if (rung) done();
    });
  }

  return {
    async until(what, ms, ask) {
      const end = performance.now() + ms;
      for (;;) {
        rung = false;
        const answer = await ask();
        if (answer !== undefined) return answer;
        const left = end - performance.now();
        if (left <= 0) throw new TooLate(what, ms);
        await nextRing(Math.min(LOOK_MS, left));
      }
    },
    close: () => socket.close(),
  };
}
