import { readFileSync } from "node:fs";
import type { NodeConfig } from "../../config.ts";
import { UserError } from "../../user-error.ts";
import { modelNames } from "./endpoint.ts";
import type { RemoteEngineOptions } from "./remote-engine.ts";

/** Requests that may wait for one of `engine.remote.concurrency`. */
const MAX_QUEUE = 64;

/**
 * What the settings `engine.remote.*` ask for; undefined where they name no server.
 * @throws UserError when the file of certificates can not be read.
 */
export function remoteEngineOptions(settings: NodeConfig["engine"]["remote"]): RemoteEngineOptions | undefined {
  if (settings.url === "") return undefined;
  const { url, format, concurrency, connectMs, firstByteMs, totalMs, maxResponseBytes } = settings;
  return {
    url,
    format,
    models: modelNames(settings.models),
    ...(settings.ca === "" ? {} : { ca: certificates(settings.ca) }),
    concurrency,
    maxQueue: MAX_QUEUE,
    connectMs,
    firstByteMs,
    totalMs,
    maxResponseBytes,
    breaker: {
      failures: settings.breakerFailures,
      delayMs: settings.breakerDelayMs,
      maxDelayMs: settings.breakerMaxDelayMs,
    },
  };
}

function certificates(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`engine.remote.ca: ${(error as Error).message}`, { cause: error });
  }
}
