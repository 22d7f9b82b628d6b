import { setImmediate } from "node:timers/promises";
import type { WebSocket } from "@fastify/websocket";
import { answerText, type Dispatcher } from "./dispatch.ts";
import { startEventFeed } from "./events.ts";
import { createSubscriptions, type Subscriptions } from "./subscriptions.ts";

/** Close codes of RFC 6455 (1001, 1003, 1008) and of its registry (1013). */
const CLOSE = { goingAway: 1001, unsupported: 1003, policy: 1008, tryLater: 1013 } as const;

/** How long a client that is being dropped may take to read why. */
const CLOSE_GRACE = 2000;

interface Client {
  readonly socket: WebSocket;
  readonly subscriptions: Subscriptions;
  alive: boolean;
}

/** All websocket clients of a server. */
export interface WebsocketHub {
  readonly size: number;
  /** Takes over a connection. */
  accept(socket: WebSocket): void;
  /** Closes all connections and stops listening to the node. */
  close(): void;
}

function drop(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), CLOSE_GRACE);
  socket.once("close", () => clearTimeout(timer));
}

/** Sends, unless the client reads so slowly that what waits for it has grown past the bound. */
function sender(socket: WebSocket, most: number, onSlow: () => void): (text: string) => void {
  return (text) => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > most) {
      onSlow();
      drop(socket, CLOSE.policy, `too slow: over ${most} bytes wait to be read`);
      return;
    }
    socket.send(text);
  };
}

/**
 * Answers the messages of one client. Each gets a turn of the event loop, so that a flood delays its sender and nobody
 * else; what waits is bounded.
 */
function answerMessages(to: Dispatcher, socket: WebSocket, subscriptions: Subscriptions, send: (text: string) => void) {
  const { pendingCalls, pendingBytes } = to.ctx.limits;
  const waiting: string[] = [];
  let bytes = 0;
  let answering = 0;
  let running = false;

  const answer = async (text: string) => {
    answering++;
    try {
      const reply = await answerText(to, text, subscriptions);
      if (reply !== undefined) send(reply);
    } finally {
      answering--;
    }
  };

  const run = async () => {
    for (let text = waiting.shift(); text !== undefined && socket.readyState === socket.OPEN; text = waiting.shift()) {
      bytes -= text.length;
      answer(text).catch((error: unknown) => to.ctx.log.error({ err: error }, "answering a websocket client failed"));
      await setImmediate();
    }
    running = false;
  };

  return (text: string) => {
    if (socket.readyState !== socket.OPEN) return; // What still arrives from a client that is being dropped.
    if (waiting.length + answering >= pendingCalls || bytes + text.length > pendingBytes) {
      waiting.length = 0;
      drop(socket, CLOSE.policy, `too many calls wait: at most ${pendingCalls} of together ${pendingBytes} bytes`);
      return;
    }
    waiting.push(text);
    bytes += text.length;
    if (running) return;
    running = true;
    void run();
  };
}

/** Serves websocket clients: calls like over HTTP, and the events they subscribe to. */
export function createWebsocketHub(to: Dispatcher, observeClients: (clients: number) => void): WebsocketHub {
  const { api, limits, log } = to.ctx;
  const clients = new Set<Client>();

  const feed = startEventFeed(
    api,
    {
      wanted: () => new Set([...clients].flatMap(({ subscriptions }) => [...subscriptions.kinds])),
      publish(event) {
        let checked = 0;
        for (const { subscriptions } of clients) checked += subscriptions.offer(event);
        return checked;
      },
      fellBehind() {
        log.warn({ clients: clients.size, backlog: limits.eventBacklog }, "events fell behind the chain and were lost");
        for (const { socket, subscriptions } of clients) {
          if (subscriptions.size > 0) drop(socket, CLOSE.tryLater, "events were lost: the node can't keep up");
        }
      },
    },
    { backlog: limits.eventBacklog, onError: (error) => log.error({ err: error }, "sending events failed") },
  );

  // Connections die without a word where a router forgets them; whoever did not answer the last ping is gone.
  const pings = setInterval(() => {
    for (const client of clients) {
      if (!client.alive) client.socket.terminate();
      client.alive = false;
      if (client.socket.readyState === client.socket.OPEN) client.socket.ping();
    }
  }, limits.pingInterval);
  pings.unref();

  return {
    get size() {
      return clients.size;
    },
    accept(socket) {
      const send = sender(socket, limits.sendQueueBytes, () => log.debug({}, "a websocket client reads too slowly"));
      const client: Client = {
        socket,
        subscriptions: createSubscriptions(limits.subscriptionsPerClient, send),
        alive: true,
      };
      const receive = answerMessages(to, socket, client.subscriptions, send);
      clients.add(client);
      observeClients(clients.size);
      socket.on("pong", () => {
        client.alive = true;
      });
      socket.on("message", (data, isBinary) => {
        if (isBinary || !Buffer.isBuffer(data)) drop(socket, CLOSE.unsupported, "messages are JSON text");
        else receive(data.toString("utf8"));
      });
      socket.on("close", () => {
        client.subscriptions.unsubscribeAll();
        clients.delete(client);
        observeClients(clients.size);
      });
    },
    close() {
      clearInterval(pings);
      feed.close();
      for (const { socket } of clients) {
        socket.close(CLOSE.goingAway, "the node is shutting down");
        setTimeout(() => socket.terminate(), 100).unref();
      }
    },
  };
}
