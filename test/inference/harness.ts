import { toHex, utf8 } from "../../chain/bytes.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { writeParams, writeRotation, writeTip } from "../../chain/executor/chain-state.ts";
import { createContext } from "../../chain/executor/context.ts";
import { buildingLane, NO_LANE, type OutputSource } from "../../chain/executor/inline-lane.ts";
import { messageRegistry } from "../../chain/executor/runtime.ts";
import type { BlockInfo, Event, InlineLane, Module, QueryContext } from "../../chain/module.ts";
import { parameterRows } from "../../chain/params.ts";
import type {
  AdmissionNote,
  AttestationEvidence,
  Commitment,
  JobOutput,
  Reveal,
} from "../../chain/types/attestation.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import { authModule } from "../../modules/auth/module.ts";
import { authzModule } from "../../modules/authz/module.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { bankModule } from "../../modules/bank/module.ts";
import { wholeUnits } from "../../modules/distribution/exact.ts";
import { accruedOf } from "../../modules/distribution/keeper.ts";
import { distributionModule } from "../../modules/distribution/module.ts";
import { feegrantModule } from "../../modules/feegrant/module.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import { genesisModel } from "../../modules/inference/genesis.ts";
import { readOpenJobs } from "../../modules/inference/jobs.ts";
import type { ModelManifest } from "../../modules/inference/manifest.ts";
import { ESCROW } from "../../modules/inference/models.ts";
import { inferenceModule } from "../../modules/inference/module.ts";
import { attestationOf, attestationRoot, commitmentRoot } from "../../modules/inference/signatures.ts";
import { JOB_KIND, JOB_STATUS, type JobRecord, jobs, models } from "../../modules/inference/store.ts";
import { DTYPES, type Tensor, Tensors } from "../../modules/inference/tensors.ts";
import type { InferenceView } from "../../modules/inference/view.ts";
import { violations } from "../../modules/invariants.ts";
import { slashingModule } from "../../modules/slashing/module.ts";
import { stakingModule } from "../../modules/staking/module.ts";
import type { MessageCodec } from "../../proto/codec.ts";
import {
  MsgAcceptModel,
  MsgAcceptModelResponse,
  MsgCancelSchedule,
  MsgCancelScheduleResponse,
  MsgDeprecateModel,
  MsgDeprecateModelResponse,
  MsgInferThen,
  MsgInferThenResponse,
  MsgOpenAppeal,
  MsgOpenAppealResponse,
  MsgRegisterBlob,
  MsgRegisterBlobResponse,
  MsgRegisterModel,
  MsgRegisterModelResponse,
  MsgRequestInference,
  MsgRequestInferenceResponse,
  MsgScheduleInference,
  MsgScheduleInferenceResponse,
  MsgSetInferenceTiers,
  MsgSetInferenceTiersResponse,
  MsgTransferModel,
  MsgTransferModelResponse,
} from "../../proto/inference.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { StateReader } from "../../state/store.ts";
import { accountOf, addressOf, BLS, genesisEntry, SPEC, validatorKeys, valoperOf } from "../modules/network.ts";

export const MODULES: readonly Module[] = [
  authModule,
  authzModule,
  feegrantModule,
  bankModule,
  stakingModule,
  distributionModule,
  slashingModule,
  inferenceModule,
];
const EMPTY: StateReader = { get: () => undefined, iterate: () => [] };
const GENESIS_TIME = 1_700_000_000_000;
const ASSAY = 1_000_000n;

/** A model with one input float32[1,2] and one output float32[1,2]. */
export function manifestOf(name: string, change: Partial<ModelManifest> = {}): ModelManifest {
  const declaration = (tensor: string) => ({ name: utf8(tensor), dtype: DTYPES.float32.code, shape: [1, 2] });
  return {
    owner: addressOf("owner"),
    name: utf8(name),
    version: utf8("1.0.0"),
    class: MODEL_CLASS.canonical,
    engineId: sha256(utf8("engine")),
    inputs: [declaration("x")],
    outputs: [declaration("y")],
    opset: 17,
    modelRoot: sha256(utf8(`model ${name}`)),
    modelBytes: 1000,
    fee: 10_000n,
    royaltyPpm: 100_000,
    licence: utf8("Apache-2.0"),
    parent: new Uint8Array(32),
    datasets: [],
    probeRoots: [],
    tier: 0,
    inline: false,
    direct: false,
    absoluteTolerance: 0,
    relativeTolerance: 0,
    ...change,
  };
}

export function tensor(...values: number[]): Tensor {
  return {
    dtype: DTYPES.float32.code,
    shape: [1, values.length],
    data: new Uint8Array(new Float32Array(values).buffer),
  };
}
export const INPUTS = Tensors.serialize([tensor(1, 2)]);

/** Distinct outputs by number; 0 is EXEC_ERROR. */
export function outputOf(number: number): { readonly bytes: Uint8Array; readonly root: Uint8Array } {
  const tensors = number === 0 ? [] : [tensor(number, -number)];
  return { bytes: Tensors.serialize(tensors), root: Tensors.hashTreeRoot(tensors) };
}

export interface Attestations {
  readonly commitments?: readonly Commitment[];
  readonly reveals?: readonly Reveal[];
  readonly outputs?: readonly JobOutput[];
  readonly evidence?: readonly AttestationEvidence[];
}

export interface BlockOptions extends Attestations {
  readonly proposer?: string;
  /** That the block is built in. */
  readonly round?: number;
  /** Messages between the begin and the end of the block. */
  readonly run?: () => void;
}

export interface ChainOptions {
  readonly validators?: Readonly<Record<string, bigint>>;
  readonly params?: Readonly<Record<string, bigint>>;
  readonly models?: readonly ModelManifest[];
  /** What models that run inline give; output 1 if not said. */
  readonly outputs?: OutputSource;
}

/** Name → power of validators, in ASSAY. */
export const FOUR: Readonly<Record<string, bigint>> = { alice: 10n, bob: 10n, carol: 10n, dave: 10n };

const beaconOf = (height: number): Uint8Array => sha256(Uint8Array.of(height % 256));

/** The modules with real keys, without consensus. A block that throws leaves no trace. */
export function createChain(options: ChainOptions = {}) {
  const powers = options.validators ?? FOUR;
  const params = new Map(
    [...parameterRows([consensusParams, ...MODULES.map((module) => module.params)])].map(([name, row]) => [
      name,
      row.default,
    ]),
  );
  for (const [name, value] of Object.entries(options.params ?? {})) params.set(name, value);
  const store = createOverlay(EMPTY);
  let current = store;
  let height = 0;
  let sequence = 0;
  let proposer = addressOf(Object.keys(powers)[0] ?? "");
  let validators: ValidatorSet = [];
  let previous: ValidatorSet = [];
  let inline: InlineLane = NO_LANE;

  const info = (): BlockInfo => ({
    height,
    time: GENESIS_TIME + height * 1000,
    spec: SPEC,
    params,
    validators,
    proposer,
    beacon: beaconOf(height),
    messages: messageRegistry({ modules: MODULES }),
    inline,
  });

  const sections: Readonly<Record<string, unknown>> = {
    auth: {},
    bank: {
      balances: ["owner", "user"].map((name) => ({
        address: accountOf(name),
        coins: [{ denom: SPEC.denom, amount: (1000n * ASSAY).toString() }],
      })),
    },
    staking: {
      validators: Object.entries(powers).map(([name, power]) => genesisEntry(validatorKeys(name), power * ASSAY)),
    },
    authz: {},
    feegrant: {},
    distribution: {},
    slashing: {},
    inference: { models: (options.models ?? [manifestOf("digits")]).map((each) => genesisModel(each, SPEC.prefix)) },
  };
  function end(ctx: ReturnType<typeof createContext>): void {
    previous = validators;
    for (const module of MODULES) validators = module.endBlock?.(ctx, 0n) ?? validators;
    const { time, beacon } = ctx.block;
    writeTip(ctx.store, { height, time, beacon });
    // Round 0 is each one's in its turn.
    const priorities = validators.map((_, index) => (index === (height + 1) % validators.length ? 1_000_000n : 0n));
    writeRotation(ctx.store, height, { validators, priorities });
  }
  const genesis = createContext(info(), store, BLS);
  writeParams(store, params);
  for (const module of MODULES) {
    module.genesis.validate(sections[module.name], SPEC, (path, message) => {
      throw new Error(`${path}: ${message}`);
    });
    module.genesis.init(genesis, sections[module.name]);
  }
  end(genesis);

  function send<M, R>(codec: MessageCodec<M>, response: MessageCodec<R>, message: M, at = sequence): R {
    const type = MODULES.flatMap((module) => module.messages).find((each) => each.typeUrl === codec.typeUrl);
    if (type === undefined) throw new Error(`no message ${codec.typeUrl}`);
    const parsed = type.parse(codec.encode(message).finish(), SPEC);
    parsed.validate();
    const overlay = createOverlay(current);
    const ctx = createContext(info(), overlay, BLS);
    const bytes = parsed.execute({ ...ctx, txHash: sha256(utf8(`tx ${at}`)), sequence: at, messageIndex: 0 });
    overlay.flush();
    sequence++;
    return response.decode(bytes);
  }

  const chain = {
    store,
    params,
    get height() {
      return height;
    },
    get validators() {
      return validators;
    },
    /** What the module finds in a block, by default the next one. */
    context: (at = height + 1) => createContext({ ...info(), height: at, beacon: beaconOf(at) }, store, BLS),
    /** What the next block finds. */
    view(): InferenceView {
      return { block: { ...info(), height: height + 1, time: GENESIS_TIME + (height + 1) * 1000 }, store, bls: BLS };
    },
    block(block: BlockOptions = {}): readonly Event[] {
      const before = { proposer, validators, previous, sequence };
      const overlay = createOverlay(store);
      height++;
      current = overlay;
      proposer = block.proposer === undefined ? proposer : addressOf(block.proposer);
      const lane = buildingLane(block.round ?? 0, options.outputs ?? (() => outputOf(1).bytes));
      inline = { ...NO_LANE, demoted: lane.demoted };
      try {
        const ctx = createContext(info(), overlay, BLS);
        const input = {
          lastCommit: previous.map((validator) => ({ validator, signed: true })),
          duplicateVotes: [],
          lightClientAttacks: [],
          demands: [],
          polkas: [],
          duplicateAttestations: block.evidence ?? [],
          commitments: block.commitments ?? [],
          reveals: block.reveals ?? [],
          outputs: block.outputs ?? [],
        };
        for (const module of MODULES) module.beginBlock?.(ctx, input);
        // Refusals are what tests look at, not what a proposer does about them.
        inline = { ...lane, full: (error) => error };
        block.run?.();
        inline = NO_LANE;
        end(ctx);
        overlay.flush();
        return ctx.events;
      } catch (error) {
        height--;
        ({ proposer, validators, previous, sequence } = before);
        throw error;
      } finally {
        inline = NO_LANE;
        current = store;
      }
    },
    /** Only within `run` of a block. */
    send: {
      register: (message: MsgRegisterModel) => send(MsgRegisterModel, MsgRegisterModelResponse, message),
      /** @param at the sequence of the transaction, by default the next. */
      request: (change: Partial<MsgRequestInference> = {}, at?: number) =>
        send(MsgRequestInference, MsgRequestInferenceResponse, requestOf(change), at),
      tiers: (name: string, tiers: readonly number[]) =>
        send(MsgSetInferenceTiers, MsgSetInferenceTiersResponse, { operator: valoperOf(name), tiers: [...tiers] }),
      /** The bond is 10 ASSAY; the inputs are those of `requestOf`. */
      appeal: (change: Partial<MsgOpenAppeal>) =>
        send(
          MsgOpenAppeal,
          MsgOpenAppealResponse,
          MsgOpenAppeal.fromPartial({
            appellant: accountOf("user"),
            inputs: INPUTS,
            bond: { denom: SPEC.denom, amount: "10000000" },
            ...change,
          }),
        ),
      schedule: (change: Partial<MsgScheduleInference> = {}) => {
        const { schedule } = send(MsgScheduleInference, MsgScheduleInferenceResponse, {
          request: requestOf(),
          every: 5n,
          runs: 3n,
          seedInput: "",
          ...change,
        });
        return Number(schedule);
      },
      cancel: (schedule: number, owner = accountOf("user")) =>
        send(MsgCancelSchedule, MsgCancelScheduleResponse, { owner, schedule: BigInt(schedule) }),
      deprecate: (model: string, successor = "", owner = "owner") =>
        send(MsgDeprecateModel, MsgDeprecateModelResponse, { owner: accountOf(owner), model, successor }),
      transfer: (model: string, newOwner: string, owner = "owner") =>
        send(MsgTransferModel, MsgTransferModelResponse, {
          owner: accountOf(owner),
          model,
          newOwner: accountOf(newOwner),
        }),
      accept: (model: string, newOwner: string) =>
        send(MsgAcceptModel, MsgAcceptModelResponse, { newOwner: accountOf(newOwner), model }),
      registerBlob: (message: MsgRegisterBlob) => send(MsgRegisterBlob, MsgRegisterBlobResponse, message),
      inferThen: (message: MsgInferThen) => send(MsgInferThen, MsgInferThenResponse, message),
    },
    /** A block with requests. @returns the ids of their jobs. */
    request(count = 1, change: Partial<MsgRequestInference> = {}): readonly Uint8Array[] {
      const ids: Uint8Array[] = [];
      chain.block({
        run() {
          for (let i = 0; i < count; i++) ids.push(chain.send.request(change).jobId);
        },
      });
      return ids;
    },
    job(jobId: Uint8Array): JobRecord {
      const job = jobs.get(store, jobId);
      if (job === undefined) throw new Error(`no job ${toHex(jobId)}`);
      return job;
    },
    model: (root: Uint8Array) => models.get(store, root),
    balance: (name: string) => balance(store, addressOf(name), SPEC.denom),
    /** What a validator and its delegators have not withdrawn yet, in whole base units. */
    earned: (name: string) => wholeUnits(accruedOf(store, addressOf(name)).outstanding),
    escrow: () => balance(store, ESCROW, SPEC.denom),
    query(path: string, request: Uint8Array): Uint8Array {
      const query = inferenceModule.queries.find((candidate) => candidate.path.endsWith(`/${path}`));
      if (query === undefined) throw new Error(`no query ${path}`);
      const ctx: QueryContext = { store, height, time: GENESIS_TIME + height * 1000, spec: SPEC, params, validators };
      return query.handle(ctx, request);
    },
    violations: () => violations(store, SPEC),
    /** The member's own signature over an output of a job. */
    sign(name: string, jobId: Uint8Array, outputRoot: Uint8Array): Uint8Array {
      const data = attestationOf(jobId, chain.job(jobId), outputRoot);
      return validatorKeys(name).vote.sign(attestationRoot(data, SPEC.genesisRoot));
    },
    /** A member's commitment to these signatures, whatever they are. */
    commitTo(
      name: string,
      entries: readonly (readonly [jobId: Uint8Array, signature: Uint8Array])[],
      bucket = 0,
      notes: readonly AdmissionNote[] = [],
    ): Commitment {
      const data = {
        validator: addressOf(name),
        entries: entries.map(([jobId, signature]) => ({ jobId, hash: sha256(signature), bucket })),
        notes: [...notes],
      };
      return { data, signature: validatorKeys(name).vote.sign(commitmentRoot(data, SPEC.genesisRoot)) };
    },
    commit: (name: string, jobId: Uint8Array, output: number, bucket = 0) =>
      chain.commitTo(name, [[jobId, chain.sign(name, jobId, outputOf(output).root)]], bucket),
    reveal(name: string, jobId: Uint8Array, output: number): Reveal {
      const outputRoot = outputOf(output).root;
      return { jobId, validator: addressOf(name), outputRoot, signature: chain.sign(name, jobId, outputRoot) };
    },
    /** Blocks without anything. */
    pass(blocks: number): readonly Event[] {
      const events: Event[] = [];
      for (let i = 0; i < blocks; i++) events.push(...chain.block());
      return events;
    },
  };
  return chain;
}
export type Chain = ReturnType<typeof createChain>;

/** Lets the beacon of a model's generated inputs come, and has everybody attest output 1 of each. */
export function attestGenerated(chain: Chain): void {
  const names = Object.keys(FOUR);
  for (const proposer of names) chain.block({ proposer });
  const ids = readOpenJobs(chain.store).flatMap(({ jobId, job }) =>
    job.kind === JOB_KIND.admission && job.status === JOB_STATUS.committing ? [jobId] : [],
  );
  const signatures = (name: string) => ids.map((jobId) => [jobId, chain.sign(name, jobId, outputOf(1).root)] as const);
  chain.block({ commitments: names.map((name) => chain.commitTo(name, signatures(name))) });
  const reveals = ids.flatMap((jobId) => names.map((name) => chain.reveal(name, jobId, 1)));
  chain.block({ reveals, outputs: ids.map((jobId) => jobOutput(jobId, 1)) });
}

export function requestOf(change: Partial<MsgRequestInference> = {}): MsgRequestInference {
  return MsgRequestInference.fromPartial({
    requester: accountOf("user"),
    model: "digits",
    inputs: INPUTS,
    maxFee: { denom: SPEC.denom, amount: "50000" },
    ...change,
  });
}

export const jobOutput = (jobId: Uint8Array, output: number): JobOutput => ({ jobId, output: outputOf(output).bytes });

/** The values of an attribute of all events of a type. */
export function values(events: readonly Event[], type: string, key: string): readonly (string | undefined)[] {
  return events
    .filter((event) => event.type === type)
    .map((event) => event.attributes.find(([name]) => name === key)?.[1]);
}
