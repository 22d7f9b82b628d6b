import { parentPort, workerData } from "node:worker_threads";
import type { Errand } from "./check-aside.ts";
import { exactnessFault } from "./exactness/proof.ts";
import { checkModel } from "./onnx-check.ts";

/** The thread of check-aside.ts: one model in, one verdict out. */
const { what, bytes } = workerData as Errand;
parentPort?.postMessage(what === "check" ? checkModel(bytes) : exactnessFault(bytes));
