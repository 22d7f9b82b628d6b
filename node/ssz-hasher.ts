import { setHasher } from "@chainsafe/persistent-merkle-tree";
import { hasher } from "@chainsafe/persistent-merkle-tree/hasher/as-sha256";

/**
 * Imported for its effect, before anything that makes an SSZ type: the library's default hashes in plain JavaScript, which took a tenth
 * of a busy node's time. This one is WebAssembly and runs everywhere. Browsers keep the default.
 */
setHasher(hasher);
