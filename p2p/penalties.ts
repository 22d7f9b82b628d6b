/** Points a peer loses for each offence; at BAN_THRESHOLD in all, after decay, it is disconnected and banned. */
export const PENALTIES = {
  /** A gossip payload that does not decompress, or claims more than its topic allows. */
  badPayload: 40,
  /** A handler's verdict: the content is provably wrong. An honest peer forwards only what it has accepted itself. */
  rejected: 20,
  /** A frame over the bound, or bytes that are no frame, on a gossip stream. The stream is lost with it. */
  badFrame: 40,
  /** A gossip message on a topic of no chain that this node is on. */
  unknownTopic: 10,
  /** More gossip bytes or frames per second than the bound. */
  gossipFlood: 40,
  /** A request or an answer over its bound, or that is no frame or no snappy. */
  badRequest: 40,
  /** A request or an answer that was begun and not finished in time. */
  slow: 10,
  /** No answer in time. Mild: the peer may just be loaded. */
  noAnswer: 2,
  /** A request beyond the rate of its protocol. */
  requestFlood: 2,
} as const;

export const BAN_THRESHOLD = 100;
