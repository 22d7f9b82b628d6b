import type { NodeConfig } from "../../config.ts";
import type { Logger } from "../../log.ts";
import type { Engine } from "../engine.ts";
import { createRemoteEngine } from "./remote-engine.ts";
import { remoteEngineOptions } from "./remote-settings.ts";

/**
 * The engine of the server that the settings name, if they name one. Whether it answers is asked once, and told; a node does not wait for it, and a server
 * that comes later is found by the first run.
 * @throws UserError when the file of certificates can not be read.
 */
export function openRemote(config: NodeConfig, log: Logger): Engine | undefined {
  const options = remoteEngineOptions(config.engine.remote);
  if (options === undefined) return undefined;
  const engine = createRemoteEngine(options);
  const { url } = options;
  void engine.health().then((health) => {
    if (health.kind === "ok") log.info({ url }, "the inference server is ready");
    else {
      const { reason } = health;
      log.warn(
        { url, reason },
        "the inference server is not ready: until it is, no model of the class tolerance is attested",
      );
    }
  });
  return engine;
}
