import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../../chain/bytes.ts";
import {
  decodeAddresses,
  decodeExchangeRequest,
  encodeAddresses,
  encodeExchangeRequest,
  MAX_TOLD,
} from "../../p2p/exchange.ts";
import { peerIdOf } from "../../p2p/node-key.ts";
import { PROTOCOLS } from "../../p2p/protocols.ts";
import { seed } from "./fixture.ts";

const SELF = await peerIdOf(seed(1));
const OTHER = await peerIdOf(seed(2));
const at = (host: number, peer = SELF): string => `/ip4/198.51.100.${host}/tcp/26656/p2p/${peer}`;

test("what is told is read again, up to the bound and not beyond", () => {
  const most = Array.from({ length: MAX_TOLD }, (_, i) => at(i));
  expect(decodeAddresses(encodeAddresses(most))).toEqual(most);
  expect(decodeAddresses(encodeAddresses([...most, at(99)]))).toBeUndefined();
  expect(decodeAddresses(encodeAddresses([]))).toEqual([]);
  expect(encodeAddresses(most).length).toBeLessThanOrEqual(PROTOCOLS.peer_exchange.maxResponseBytes);
});

test("a request gives the asker's own address or none", () => {
  expect(decodeExchangeRequest(encodeExchangeRequest(undefined), SELF)).toEqual({});
  expect(decodeExchangeRequest(encodeExchangeRequest(at(1)), SELF)).toEqual({ own: at(1) });
  expect(decodeExchangeRequest(encodeExchangeRequest(at(1, OTHER)), SELF)).toBeUndefined();
  expect(decodeExchangeRequest(utf8(`${at(1)}${" ".repeat(200)}`), SELF)).toBeUndefined();
});

/** Bytes that are nearly right: real lines, with something put in, left out or between them. */
const nearly = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.nat(255).map((host) => at(host)),
        fc.string({ maxLength: 40 }),
        fc.constant(at(1)),
      ),
      { maxLength: 40 },
    ),
    fc.constantFrom("\n", "\n\n", "\r\n", "/", ""),
  )
  .map(([lines, separator]) => utf8(lines.join(separator)));

test("whatever the bytes, there is a verdict and no error, and what passes has one form", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), nearly), (bytes) => {
      const addresses = decodeAddresses(bytes);
      if (addresses !== undefined) expect(encodeAddresses(addresses)).toEqual(bytes);
      const request = decodeExchangeRequest(bytes, SELF);
      if (request?.own !== undefined) expect(request.own.endsWith(`/p2p/${SELF}`)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
