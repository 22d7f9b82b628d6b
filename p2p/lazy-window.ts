import type { Stream } from "@libp2p/interface";

/** What yamux's streams have besides the interface. */
interface Windowed {
  sendWindowUpdate(): void;
  readonly recvWindow: number;
  readonly recvWindowCapacity: number;
}

function isWindowed(stream: object): stream is Windowed {
  return (
    "sendWindowUpdate" in stream &&
    "recvWindow" in stream &&
    typeof stream.recvWindow === "number" &&
    "recvWindowCapacity" in stream &&
    typeof stream.recvWindowCapacity === "number"
  );
}

/**
 * PERF: yamux grants a stream's sender a fresh window after each frame, so that each small message is answered by a frame
 * of the muxer. Here it waits until half of the window is used, as the specification advises. The first update goes out as
 * ever: it acknowledges the stream. A muxer of another make is left as it is.
 */
export function grantWindowLazily(stream: Stream): void {
  const found: object = stream;
  if (!isWindowed(found)) return;
  const update = found.sendWindowUpdate.bind(found);
  let acknowledged = false;
  found.sendWindowUpdate = () => {
    if (acknowledged && found.recvWindowCapacity * 2 > found.recvWindow) return;
    acknowledged = true;
    update();
  };
}
