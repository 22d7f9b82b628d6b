import type { NoteName } from "../../modules/inference/admission-notes.ts";

/** What the engine's own sentences begin with or hold; each is held to the engine by a test. */
const SIGNS: readonly (readonly [sign: RegExp, note: NoteName])[] = [
  [/can not run inline$/, "notInline"],
  [/not proven exact/, "notExact"],
  [/^the model can not be run on this chain|imports operator set/, "refused"],
  [/^no result within/, "tooSlow"],
  [/^memory: |memory/, "memory"],
  [/^the model's bytes/, "noFile"],
  [/is not installed$/, "noEngine"],
];

/** Why an engine gave no answer, as the chain says it. What has no name of its own is a fault. */
export function noteOf(reason: string): NoteName {
  return SIGNS.find(([sign]) => sign.test(reason))?.[1] ?? "fault";
}

/** Reasons that another try, or another moment, does not change. */
const LASTING: ReadonlySet<NoteName> = new Set(["refused", "noEngine", "output", "notInline", "notExact"]);
/** Runs begun before a reason that might pass is given; or less than so many blocks are left. */
const TRIES = 3;
const LAST_BLOCKS = 3;

/** Whether it is time to give a reason: at once where it lasts, otherwise when trying has not helped. */
export function mayNote(note: NoteName, tries: number, blocksLeft: number): boolean {
  return LASTING.has(note) || tries >= TRIES || blocksLeft < LAST_BLOCKS;
}
