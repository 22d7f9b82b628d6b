import type { UploadProgress } from "../../../client/upload-model.ts";

/** Standard error, or what stands for it in tests. */
export interface BarOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressBar {
  update(progress: UploadProgress): void;
  /** Ends the line, if there is one. */
  end(): void;
}

const MIB = 1024 * 1024;
const MAX_WIDTH = 30;
/** What stands beside the bar. */
const TEXT_WIDTH = 40;

/** One line: how much of a model is there, and how much was before. @param columns of the terminal. */
export function barText({ done, total, resumed }: UploadProgress, columns: number): string {
  const share = total === 0 ? 1 : done / total;
  const width = Math.max(0, Math.min(MAX_WIDTH, columns - TEXT_WIDTH));
  const full = Math.floor(share * width);
  const bar = width === 0 ? "" : `[${"#".repeat(full)}${"-".repeat(width - full)}] `;
  const amount = `${(done / MIB).toFixed(1)} of ${(total / MIB).toFixed(1)} MiB`;
  const before = resumed === 0 ? "" : `, ${(resumed / MIB).toFixed(1)} from before`;
  return `upload  ${bar}${String(Math.floor(share * 100)).padStart(3)} % ${amount}${before}`.slice(0, columns - 1);
}

/** Draws over one line of a terminal; writes nothing where there is none. */
export function createProgressBar(output: BarOutput): ProgressBar {
  let drawn = false;
  return {
    update(progress) {
      if (output.isTTY !== true) return;
      output.write(`\r\u001b[K${barText(progress, output.columns ?? 80)}`);
      drawn = true;
    },
    end() {
      if (drawn) output.write("\n");
      drawn = false;
    },
  };
}
