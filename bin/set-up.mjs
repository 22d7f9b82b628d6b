// The set-up step in front of everything: it runs before any dependency is there, on any Node from version 20 on.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The sources run as TypeScript under type stripping, which this is the first long-term release with. */
const LEAST_MAJOR = 24;
/** Holds the hash of the lock file that `node_modules` was installed from. */
const STAMP = join(ROOT, "node_modules", ".lock-hash");

/** A mistake or lack that one line explains. */
export class SetUpError extends Error {}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

/** Whether a plain `npm ci` has installed what the lock file says: npm leaves a list of what it put there. */
function installedByHand() {
  const wanted = readJson(join(ROOT, "package-lock.json"))?.packages ?? {};
  const found = readJson(join(ROOT, "node_modules", ".package-lock.json"))?.packages;
  if (found === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional, devOptional, peer }]) => {
    if (path === "") return true;
    const other = found[path];
    if (other === undefined) return Boolean(optional || devOptional || peer);
    return other.version === version && other.integrity === integrity;
  });
}

/** Installs the locked dependencies where they are missing or of another lock file. Never runs their scripts. */
export function install() {
  const hash = createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === hash) return;
  if (!installedByHand()) {
    process.stderr.write("installing the dependencies of package-lock.json (npm ci)\n");
    const npm = process.env.npm_execpath?.endsWith(".js") ? [process.execPath, process.env.npm_execpath] : ["npm"];
    const args = [...npm.slice(1), "ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    // On Windows npm is a script of the shell.
    const shell = process.platform === "win32" && npm.length === 1;
    const { status, error } = spawnSync(npm[0], args, { cwd: ROOT, stdio: ["ignore", 2, 2], shell });
    if (error !== undefined) throw new SetUpError(`npm can't be run (${error.message}): install Node.js with npm`);
    if (status !== 0) throw new SetUpError(`npm ci failed (exit code ${status}): see its messages above`);
  }
  writeFileSync(STAMP, hash);
}

/** The Node that runs the sources: the one pinned in the lock file, or this one where no build of it is published. */
export function pinnedNode() {
  const system = process.platform === "win32" ? "win" : process.platform;
  const name = process.platform === "win32" ? "node.exe" : "node";
  const pinned = join(ROOT, "node_modules", `node-${system}-${process.arch}`, "bin", name);
  if (existsSync(pinned)) return pinned;
  if (Number.parseInt(process.versions.node, 10) >= LEAST_MAJOR) return process.execPath;
  const place = `${process.platform}-${process.arch}`;
  throw new SetUpError(
    `Node ${LEAST_MAJOR} or later is needed on ${place}, this is ${process.version}: install it from nodejs.org`,
  );
}
