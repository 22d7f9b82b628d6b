import type { FuzzTarget } from "../target.ts";
import { clientTargets } from "./client.ts";
import { fileTargets } from "./file.ts";
import { peerTargets } from "./peer.ts";
import { signingTargets } from "./signing.ts";

/** Every decoder that faces a peer, a client or a file. */
export const TARGETS: readonly FuzzTarget[] = [...peerTargets, ...signingTargets, ...clientTargets, ...fileTargets];
