import { parentPort, workerData } from "node:worker_threads";
import { type CustodyTask, checkCustody } from "./custody-check.ts";

/** The thread of custody-check.ts: one blob in, one verdict out. */
parentPort?.postMessage(checkCustody(workerData as CustodyTask));
