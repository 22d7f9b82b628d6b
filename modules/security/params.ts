import { defineParams } from "../../chain/params.ts";

/** None of its own: what the stake secures follows from the others'. */
export const securityParams = defineParams("security", {});
