import { ByteListType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import { portable } from "../../chain/types/portable.ts";
import { Uint64 } from "../../chain/types/primitives.ts";
import { collection, item, textKey } from "../../state/collections.ts";

/** Of a plan, in bytes. */
export const LIMITS = { name: 140, info: 10_000 } as const;

/** At which height the software has to know what to do under that name. */
export const Plan = new ContainerType(
  {
    name: portable(() => new ByteListType(LIMITS.name)),
    height: Uint64,
    info: portable(() => new ByteListType(LIMITS.info)),
  },
  { typeName: "UpgradePlan" },
);
export type Plan = ValueOf<typeof Plan>;

/** The one upgrade that is planned, if any. */
export const currentPlan = item("upgrade", 0, Plan);
/** Heights of the upgrades that were carried out, by name. */
export const appliedPlans = collection("upgrade", 1, textKey, Uint64);
/** The version of each module's rules, by its name; 1 at genesis. */
export const moduleVersions = collection("upgrade", 2, textKey, Uint64);
