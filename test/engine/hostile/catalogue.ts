import { ATTRIBUTES } from "./attributes.ts";
import { GREED } from "./greed.ts";
import type { HostileModel } from "./hostile-model.ts";
import { SHAPES } from "./shapes.ts";
import { TABLES } from "./tables.ts";
import { WIRE } from "./wire.ts";

export const HOSTILE_MODELS: readonly HostileModel[] = [...WIRE, ...SHAPES, ...ATTRIBUTES, ...TABLES, ...GREED];
