import { readFileSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import type { Passphrases } from "../keys/backend.ts";
import { systemErrorCode, UserError } from "../user-error.ts";

/** Standard input, or what stands for it in tests. */
export type PromptInput = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  setRawMode?(on: boolean): unknown;
};
export interface PromptOutput {
  write(text: string): unknown;
}

const MIN_PASSPHRASE = 8;
const MAX_LINE = 1024;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const ERASE = new Set(["\u007F", "\b"]);

/** Asks people at a terminal, or takes one line of standard input for each question. */
export interface Prompt {
  readonly isTerminal: boolean;
  /** @returns undefined when the input has ended. @param hidden not echoed. */
  ask(question: string, hidden: boolean): Promise<string | undefined>;
}

/** A prompt over a pair of streams. What the input holds beyond a line is kept for the next question. */
export function createPrompt(input: PromptInput, output: PromptOutput): Prompt {
  const isTerminal = input.isTTY === true && input.setRawMode !== undefined;
  const decoder = new StringDecoder("utf8");
  let waiting = "";
  let ended = false;

  function ask(question: string, hidden: boolean): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      let line = "";
      const done = (finish: () => void): void => {
        input.off("data", onData);
        input.off("end", onEnd);
        input.off("error", onError);
        if (isTerminal) {
          input.setRawMode?.(false);
          output.write("\n");
        }
        input.pause();
        finish();
      };
      const take = (): boolean => {
        for (let at = 0; at < waiting.length; at++) {
          const char = waiting.charAt(at);
          if (char === "\n" || char === "\r") {
            waiting = waiting.slice(at + 1);
            if (char === "\r" && waiting.startsWith("\n")) waiting = waiting.slice(1);
            done(() => resolve(line));
            return true;
          }
          if (isTerminal && (char === CTRL_C || char === CTRL_D)) {
            waiting = "";
            done(() => reject(new UserError("given up")));
            return true;
          }
          if (isTerminal && ERASE.has(char)) {
            if (!hidden && line !== "") output.write("\b \b");
            line = line.slice(0, -1);
          } else {
            line += char;
            if (isTerminal && !hidden) output.write(char);
          }
          if (line.length > MAX_LINE) {
            waiting = "";
            done(() => reject(new UserError(`more than ${MAX_LINE} characters on one line`)));
            return true;
          }
        }
        waiting = "";
        return false;
      };
      const onData = (chunk: Buffer): void => {
        waiting += decoder.write(chunk);
        take();
      };
      const onEnd = (): void => {
        ended = true;
        done(() => resolve(line === "" ? undefined : line));
      };
      const onError = (error: Error): void => done(() => reject(error));
      if (isTerminal) {
        output.write(question);
        input.setRawMode?.(true);
      }
      input.on("data", onData);
      input.on("end", onEnd);
      input.on("error", onError);
      if (take()) return;
      if (ended) onEnd();
      else input.resume();
    });
  }
  return { isTerminal, ask };
}

/** The one of this process. */
export function terminalPrompt(): Prompt {
  return createPrompt(process.stdin, process.stderr);
}

function readPassphraseFile(path: string): string {
  let text: string;
  try {
    const { size, mode } = statSync(path);
    if (size > MAX_LINE) throw new UserError(`${path} has ${size} bytes, more than ${MAX_LINE}: not a passphrase`);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new UserError(`${path} can be read by others: run chmod 600 ${path}`);
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} can't be read (${systemErrorCode(error) ?? String(error)})`, { cause: error });
  }
  return text.split(/\r?\n/, 1)[0] ?? "";
}

function checkFresh(passphrase: string): string {
  if (passphrase.length >= MIN_PASSPHRASE) return passphrase;
  throw new UserError(`a passphrase has ${MIN_PASSPHRASE} characters at least`);
}

/**
 * Passphrases from a file whose first line it is, from the terminal without echo, or a line of standard input each. One that has been
 * given is not asked for again.
 */
export function passphrasesFrom(file: string | undefined, prompt: Prompt): Passphrases {
  let given: string | undefined;
  async function ask(question: string): Promise<string> {
    const answer = await prompt.ask(question, true);
    if (answer !== undefined) return answer;
    throw new UserError("a passphrase is needed: type it at a terminal, or use --passphrase-file or standard input");
  }
  const fromFile = (): string | undefined => (file === undefined ? undefined : readPassphraseFile(file));
  return {
    async known(what) {
      given ??= fromFile() ?? (await ask(`Passphrase of ${what}: `));
      return given;
    },
    async fresh(what) {
      if (given !== undefined) return checkFresh(given);
      const passphrase = checkFresh(fromFile() ?? (await ask(`New passphrase for ${what}: `)));
      if (file === undefined && prompt.isTerminal && (await ask("The same again: ")) !== passphrase) {
        throw new UserError("the two passphrases differ");
      }
      given = passphrase;
      return passphrase;
    },
  };
}

/** Whether a person says yes. @throws UserError when there is nobody to ask. */
export async function confirmed(question: string, prompt: Prompt): Promise<boolean> {
  const answer = prompt.isTerminal ? await prompt.ask(`${question} [y/N] `, false) : undefined;
  if (answer === undefined) throw new UserError(`${question} Nobody is there to be asked: --yes says yes`);
  return /^y(es)?$/i.test(answer.trim());
}
