import { Socket } from "node:net";
import { noise } from "@chainsafe/libp2p-noise";
import { type ConnectionEncrypter, type MessageStream, serviceCapabilities } from "@libp2p/interface";

type Noise = ReturnType<typeof noise>;

/**
 * PERF: noise hands the transport a length and a ciphertext for each frame, and yamux answers each frame with one of its own;
 * the transport makes a system call of each part, and the other side reads them one by one. What is sent before the
 * next microtask is written at once instead.
 */
function cork(connection: MessageStream): void {
  // The transport's stream says nothing of its socket in its interface; one without is left as it is.
  const socket: unknown = "socket" in connection ? connection.socket : undefined;
  if (!(socket instanceof Socket)) return;
  const send = connection.send.bind(connection);
  let corked = false;
  connection.send = (data) => {
    if (!corked) {
      corked = true;
      socket.cork();
      queueMicrotask(() => {
        corked = false;
        socket.uncork();
      });
    }
    return send(data);
  };
}

/** Noise over sockets that gather what is sent at one moment. The prologue binds the handshake, see createHost. */
export function corkedNoise(prologueBytes: Uint8Array): (components: Parameters<Noise>[0]) => ConnectionEncrypter {
  return (components) => {
    const encrypter = noise({ prologueBytes })(components);
    const capable = {
      protocol: encrypter.protocol,
      [serviceCapabilities]: ["@libp2p/connection-encryption", "@chainsafe/libp2p-noise"],
      secureInbound(connection: MessageStream, options: Parameters<typeof encrypter.secureInbound>[1]) {
        cork(connection);
        return encrypter.secureInbound(connection, options);
      },
      secureOutbound(connection: MessageStream, options: Parameters<typeof encrypter.secureOutbound>[1]) {
        cork(connection);
        return encrypter.secureOutbound(connection, options);
      },
    };
    return capable;
  };
}
