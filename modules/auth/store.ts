import { BooleanType, ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { portable } from "../../chain/types/portable.ts";
import { Uint8, Uint64, UintBn128 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, heightKey, item, pairKey } from "../../state/collections.ts";

/** `publicKey` is empty until the account's first transaction, and for ever where several keys sign together. */
export const AccountRecord = new ContainerType(
  { publicKey: new ByteListType(33), accountNumber: Uint64, sequence: Uint64 },
  { typeName: "Account" },
);
export type AccountRecord = ValueOf<typeof AccountRecord>;

/** Most denominations of a vesting account, and most periods. */
export const MAX_VESTING_COINS = 8;
export const MAX_VESTING_PERIODS = 64;
/** Most bytes of a multisig key in protobuf: those of the most members, each with its type's name. */
export const MAX_MULTISIG_BYTES = 2048;

const VestingCoins = portable(
  () =>
    new ListCompositeType(
      new ContainerType({ denom: new ByteListType(128), amount: UintBn128 }, { typeName: "VestingCoin" }),
      MAX_VESTING_COINS,
    ),
);
/** The numbers of the kinds are stored. */
export const VESTING = { continuous: 1, delayed: 2, periodic: 3, permanent: 4 } as const;

/** Times in seconds since the Unix epoch, as in the Cosmos SDK; a period's length in seconds. */
export const VestingRecord = new ContainerType(
  {
    kind: Uint8,
    original: VestingCoins,
    delegatedFree: VestingCoins,
    delegatedVesting: VestingCoins,
    startTime: Uint64,
    endTime: Uint64,
    periods: portable(
      () =>
        new ListCompositeType(
          new ContainerType({ length: Uint64, amount: VestingCoins }, { typeName: "VestingPeriod" }),
          MAX_VESTING_PERIODS,
        ),
    ),
  },
  { typeName: "Vesting" },
);
export type VestingRecord = ValueOf<typeof VestingRecord>;

export const accountKey = bytesKey(20);
export const accounts = collection("auth", 0, accountKey, AccountRecord);
export const nextAccountNumber = item("auth", 1, Uint64);
/** What is locked of an account's coins, for those of which something is or was. */
export const vestingAccounts = collection("auth", 2, accountKey, VestingRecord);
/** Protobuf `LegacyAminoPubKey` of accounts that several keys sign for. */
export const multisigKeys = collection(
  "auth",
  3,
  accountKey,
  portable(() => new ByteListType(MAX_MULTISIG_BYTES)),
);
/** Time-outs in milliseconds and signers of unordered transactions that were in a block and could come again. */
export const unorderedKey = pairKey(heightKey, accountKey);
export const unorderedNonces = collection("auth", 4, unorderedKey, new BooleanType());
