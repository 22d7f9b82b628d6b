import fc from "fast-check";
import { expect, test } from "vitest";
import { decimalFromPpm, formatDecimal, parseDecimal } from "../../modules/decimal.ts";
import { formatTime, protobufDuration, protobufTime } from "../../modules/timestamps.ts";

test("times are those of ISO 8601, up to the year 9999", () => {
  expect(formatTime(0)).toBe("1970-01-01T00:00:00Z");
  expect(formatTime(951_782_400_000)).toBe("2000-02-29T00:00:00Z");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
      expect(formatTime(ms)).toBe(new Date(ms).toISOString().replace(".000Z", "Z"));
    }),
  );
});

test("protobuf times and durations", () => {
  expect(protobufTime(1234)).toEqual({ seconds: 1n, nanos: 234_000_000 });
  expect(protobufDuration(600_001n)).toEqual({ seconds: 600n, nanos: 1_000_000 });
});

test("decimals", () => {
  expect(formatDecimal(100_000_000_000_000_000n)).toBe("0.100000000000000000");
  expect(formatDecimal(decimalFromPpm(1_500_000n))).toBe("1.500000000000000000");
  for (const text of ["", ".5", "1.", "01", "-1", "1e3", "0.1234567890123456789"])
    expect(parseDecimal(text)).toBeUndefined();
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 30n), (scaled) => {
      expect(parseDecimal(formatDecimal(scaled))).toBe(scaled);
    }),
  );
});
