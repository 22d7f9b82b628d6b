import type { StoredValue } from "../../state/store.ts";
import { text, value } from "./model.ts";

/** What two processes agree that block `height` changes: thirty of two hundred keys, a third of them deleted. */
export function blockOf(height: number): (readonly [key: Uint8Array, value: StoredValue | undefined])[] {
  return Array.from({ length: 30 }, (_, i) => {
    const key = text(`key ${(height * 37 + i * 11) % 200}`);
    return [key, i % 3 === 2 ? undefined : value(`${height} `.repeat(20))] as const;
  });
}
