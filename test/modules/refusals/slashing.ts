import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { bar, signingInfo } from "../../../modules/slashing/keeper.ts";
import { signingInfos } from "../../../modules/slashing/store.ts";
import { jail } from "../../../modules/staking/keeper.ts";
import { delegations, validators } from "../../../modules/staking/store.ts";
import { addressOf, valoperOf } from "../network.ts";
import { BAD_OPERATORS, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, type World } from "./world.ts";

const ALICE = addressOf("alice");

function jailed(): World {
  const world = createWorld();
  jail(world.context(), ALICE);
  const jailedUntil = world.info().time + 600_000;
  signingInfos.set(world.store, ALICE, { ...signingInfo(world.store, ALICE), jailedUntil });
  return world;
}

function tombstoned(): World {
  const world = createWorld();
  bar(world.context(), ALICE, { reason: "double_sign", height: 1, power: 10n });
  return world;
}

/** In jail, and its operator has less stake in it than it has promised. */
function promised(minSelfDelegation: bigint): World {
  const world = jailed();
  const alice = validators.get(world.store, ALICE);
  if (alice === undefined) throw new Error("no validator");
  validators.set(world.store, ALICE, { ...alice, minSelfDelegation });
  return world;
}
const tooLittle = (): World => promised(10_000_001n);

function abandoned(): World {
  const world = jailed();
  delegations.delete(world.store, [ALICE, ALICE]);
  return world;
}

const unjail = rowsOf(MsgUnjail, { validatorAddr: valoperOf("alice") }, { by: "alice" });

export const slashing: readonly Refusal[] = [
  ...each(BAD_OPERATORS, "validator", (wrong, validatorAddr) => unjail(wrong, "sdk/7", { validatorAddr })),
  unjail("unknown validator", "slashing/2", { validatorAddr: valoperOf("ann") }, { by: "ann" }),
  unjail("not jailed", "slashing/5"),
  unjail("jailed for longer", "slashing/4", {}, { given: jailed }),
  unjail("tombstoned", "slashing/4", {}, { given: tombstoned }),
  unjail("no self delegation", "slashing/6", {}, { given: abandoned }),
  unjail("less self delegation than promised", "slashing/7", {}, { given: tooLittle }),
];
