import type { AccountSecret, SigningAccount } from "./account-key.ts";

/** How a keyring keeps its accounts: encrypted in files, in the clear, or with the operating system. */
export const BACKENDS = ["file", "test", "os"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** Where passphrases come from. Asked at most once for each purpose by a command. */
export interface Passphrases {
  /** @param what is to be opened, for people. @throws UserError when there is none to be had. */
  known(what: string): Promise<string>;
  /** For something new: a person types it twice. */
  fresh(what: string): Promise<string>;
}

/** One way of keeping an account behind the file that stands for it. All reject with UserErrors that name the file. */
export interface KeyBackend {
  /** Never replaces a file. */
  create(path: string, account: SigningAccount, secret: AccountSecret): Promise<void>;
  /** 33 bytes, without a passphrase. */
  publicKey(path: string): Promise<Uint8Array>;
  secret(path: string): Promise<AccountSecret>;
  /** What has to go besides the file. */
  forget(path: string): Promise<void>;
}
