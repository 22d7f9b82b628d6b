import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { backendName, type Keyring, openKeyring } from "../keys/keyring.ts";
import { type Prompt, passphrasesFrom } from "./prompt.ts";

/** Options of every command that uses a keyring. */
export const KEYRING_OPTIONS = {
  home: { type: "string" },
  "keyring-backend": { type: "string", default: "file" },
  "passphrase-file": { type: "string" },
} as const;

export const KEYRING_USAGE = "[--home dir] [--keyring-backend file|test|os] [--passphrase-file file]";

export interface KeyringChoice {
  readonly home?: string | undefined;
  readonly "keyring-backend": string;
  readonly "passphrase-file"?: string | undefined;
}

/** The home that was named, or the person's own. */
export function homeOf({ home }: { readonly home?: string | undefined }): string {
  return resolve(home ?? join(homedir(), ".assay"));
}

/** The keyring that the options name. @throws UserError for what is no backend. */
export function chosenKeyring(choice: KeyringChoice, prompt: Prompt): Keyring {
  return openKeyring({
    home: homeOf(choice),
    backend: backendName(choice["keyring-backend"]),
    passphrases: passphrasesFrom(choice["passphrase-file"], prompt),
  });
}
