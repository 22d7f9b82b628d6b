import type { Application } from "../../consensus/driver/ports.ts";
import type { Life } from "./life.ts";
import type { Watch } from "./node-options.ts";

/** The real application, which takes its time, and whose process may end after each of these. */
export function slowly(app: Application, life: Life, time: () => number, onEvidence: Watch["onEvidence"]): Application {
  const slow: Pick<Application, "build" | "execute" | "addEvidence"> = {
    async build(request) {
      await life.wait(time(), "build");
      const block = await app.build(request);
      return life.effect("block built", () => block);
    },
    async execute(block) {
      await life.wait(time(), "execute");
      const execution = await app.execute(block);
      return life.effect("block executed", () => execution);
    },
    addEvidence(evidence) {
      onEvidence(evidence, app.rotation(evidence.voteA.height)?.validators);
      app.addEvidence(evidence);
    },
  };
  // Its getters stay getters: the rest is looked up in the application itself.
  return Object.assign(Object.create(app) as Application, slow);
}
