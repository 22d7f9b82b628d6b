/** What is used of a report in the mutation-testing-elements schema, which Stryker writes. Lines and columns begin at 1. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** A change of a source line that no test sees, found again by its text, so that it may move within the file. */
export interface Survivor {
  readonly file: string;
  /** The line that the change begins in, without the space around it. */
  readonly line: string;
  /** What is replaced, and by what, with single spaces. */
  readonly from: string;
  readonly to: string;
}

/** How many mutants of a file met which end. `survived` includes those that no test reaches. */
export interface Counts {
  readonly mutants: number;
  readonly killed: number;
  readonly timedOut: number;
  readonly survived: number;
}

export interface Judgement {
  readonly counts: Readonly<Record<string, Counts>>;
  /** Survivors that nobody has explained. */
  readonly unexplained: readonly Survivor[];
  /** Explanations of what does not survive, or is not there any more. */
  readonly needless: readonly Survivor[];
}

const flat = (text: string): string => text.replace(/\s+/g, " ").trim();

function survivor(file: string, source: string, { replacement = "", location: { start, end } }: Mutant): Survivor {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const line = flat(lines[0] ?? "");
  const last = lines.length - 1;
  const cut = lines.map((text, i) =>
    text.slice(i === 0 ? start.column - 1 : 0, i === last ? end.column - 1 : text.length),
  );
  return { file, line, from: flat(cut.join(" ")), to: flat(replacement) };
}

export function isSame(a: Survivor, b: Survivor): boolean {
  return a.file === b.file && a.line === b.line && a.from === b.from && a.to === b.to;
}

/** Compares a report with the survivors that have an explanation. */
export function judge(report: Report, explained: readonly Survivor[]): Judgement {
  const counts: Record<string, Counts> = {};
  const survivors: Survivor[] = [];
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    const having = (...statuses: readonly string[]): readonly Mutant[] =>
      mutants.filter(({ status }) => statuses.includes(status));
    const left = having("Survived", "NoCoverage");
    survivors.push(...left.map((mutant) => survivor(file, source, mutant)));
    counts[file] = {
      mutants: mutants.length,
      killed: having("Killed", "RuntimeError").length,
      timedOut: having("Timeout").length,
      survived: left.length,
    };
  }
  return {
    counts,
    unexplained: survivors.filter((one) => !explained.some((other) => isSame(one, other))),
    needless: explained.filter((one) => !survivors.some((other) => isSame(one, other))),
  };
}
