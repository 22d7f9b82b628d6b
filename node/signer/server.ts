import { createServer, type Socket } from "node:net";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { PRECOMMIT, PREVOTE } from "../../chain/types/vote.ts";
import { type FileSigner, SigningRefusedError } from "../../consensus/signer/signer.ts";
import { createFrameReader, encodeFrame } from "../../p2p/frames.ts";
import { AttestationConflictError } from "../attester/attestation-store.ts";
import type { Logger } from "../log.ts";
import type { AttestationSigner } from "./attestation-signer.ts";
import {
  decodeRequest,
  encodeAnswer,
  MAX_REQUEST_BYTES,
  SIGNER_PROTOCOL,
  type SignerAnswer,
  type SignerRequest,
  welcomeOf,
} from "./protocol.ts";
import { claimSocket, restrictSocket } from "./socket-file.ts";

export interface SignerServerOptions {
  readonly socket: string;
  /** The one chain that is signed for. */
  readonly genesisRoot: Uint8Array;
  readonly signer: FileSigner;
  readonly attestations: AttestationSigner;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** The disk failed: nothing more is signed. Called once. */
  readonly onFault: (error: unknown) => void;
}

export interface SignerServer {
  /** Ends the connection and removes the socket. */
  close(): Promise<void>;
}

/** Connections at once, of which one is served: the others are told so and closed. */
const MAX_CONNECTIONS = 8;
/** A connection that says nothing is closed. */
const HELLO_MS = 5_000;
/** Requests of one connection under way: an attester has 32 jobs at once. */
const MAX_PENDING = 128;

/** Thrown for what ends a connection; the message is told to the other side. */
class ConnectionRefused extends Error {}

/**
 * Serves one node at a time: a second is refused for as long as the first is connected. Whoever asks, the signer's own
 * memory decides what it signs.
 * @throws UserError for a socket that can not be made, or that another signer holds.
 */
export async function serveSigner(options: SignerServerOptions): Promise<SignerServer> {
  const { socket: path, genesisRoot, signer, attestations, log } = options;
  let served: Socket | undefined;
  let failed = false;
  const sockets = new Set<Socket>();

  function welcome({ version, genesisRoot: theirs }: (SignerRequest & { kind: "hello" })["value"]): SignerAnswer {
    if (version !== SIGNER_PROTOCOL) {
      throw new ConnectionRefused(`this signer speaks version ${SIGNER_PROTOCOL} of the protocol, not ${version}`);
    }
    if (!equalBytes(theirs, genesisRoot)) {
      throw new ConnectionRefused(
        `this signer signs for the chain of genesis root ${toHex(genesisRoot)}, not ${toHex(theirs)}`,
      );
    }
    if (served !== undefined) throw new ConnectionRefused("this signer serves another node, which must stop first");
    return welcomeOf(signer.publicKey, signer.lastSigned);
  }

  function sign(request: Exclude<SignerRequest, { kind: "hello" }>): Promise<Uint8Array> {
    switch (request.kind) {
      case "vote":
        return signer.signVote(request.value.type === PREVOTE ? PREVOTE : PRECOMMIT, request.value.data);
      case "proposal":
        return signer.signProposal(request.value);
      case "randao":
        return signer.randaoReveal(request.value.height);
      case "attestation":
        return attestations.signAttestation(request.value.data, request.value.height);
      case "commitment":
        return attestations.signCommitment(request.value);
    }
  }

  async function answer(request: Exclude<SignerRequest, { kind: "hello" }>): Promise<SignerAnswer | undefined> {
    try {
      return { kind: "signed", value: { signature: await sign(request) } };
    } catch (error) {
      if (error instanceof SigningRefusedError || error instanceof AttestationConflictError) {
        log.error({ request: request.kind, reason: error.message }, "REFUSED: this would contradict what was signed");
        return { kind: "refused", reason: error.message };
      }
      // What is on the disk is now unknown: nothing more is signed, and a restart reads what is there.
      if (!failed) options.onFault(error);
      failed = true;
      served?.destroy();
      return undefined;
    }
  }

  function onConnection(socket: Socket): void {
    sockets.add(socket);
    const reader = createFrameReader(MAX_REQUEST_BYTES);
    const silent = setTimeout(() => socket.destroy(), HELLO_MS);
    let pending = 0;
    const say = (id: number, said: SignerAnswer) => socket.write(encodeFrame(encodeAnswer(id, said)));

    function hear(bytes: Uint8Array): void {
      const heard = decodeRequest(bytes);
      if (heard === undefined) throw new ConnectionRefused("this is no request of the protocol");
      const { id, request } = heard;
      if (request.kind === "hello") {
        say(id, welcome(request.value));
        clearTimeout(silent);
        served = socket;
        log.info({}, "a node is connected");
        return;
      }
      if (served !== socket) throw new ConnectionRefused("a hello must come first");
      if (failed || ++pending > MAX_PENDING) throw new ConnectionRefused(`more than ${MAX_PENDING} requests at once`);
      void answer(request).then((said) => {
        pending--;
        if (said !== undefined && !socket.destroyed) say(id, said);
      });
    }

    socket.on("data", (chunk: Buffer) => {
      if (socket.writableEnded) return;
      try {
        const frames = reader.push(new Uint8Array(chunk));
        if (typeof frames === "string") throw new ConnectionRefused(`a frame is ${frames}`);
        for (const frame of frames) if (!socket.writableEnded) hear(frame);
      } catch (error) {
        if (!(error instanceof ConnectionRefused)) throw error;
        log.warn({ reason: error.message }, "a connection is refused");
        socket.end(encodeFrame(encodeAnswer(0, { kind: "refused", reason: error.message })));
      }
    });
    socket.on("error", (error) => log.warn({ reason: error.message }, "the connection failed"));
    socket.on("close", () => {
      clearTimeout(silent);
      sockets.delete(socket);
      if (served !== socket) return;
      served = undefined;
      log.info({}, "the node is gone");
    });
  }

  await claimSocket(path);
  const server = createServer(onConnection);
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  restrictSocket(path);
  return {
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}
