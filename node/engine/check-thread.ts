import { parentPort, workerData } from "node:worker_threads";
import { checkModel } from "./onnx-check.ts";

/** The thread of check-aside.ts: one model in, one verdict out. */
parentPort?.postMessage(checkModel(workerData as Uint8Array));
