import { toHex, utf8 } from "../../../chain/bytes.ts";
import { consensusAddress, sha256 } from "../../../chain/crypto/hash.ts";
import { BLOCK_VERSION } from "../../../chain/types/header.ts";
import { ZERO_32 } from "../../../chain/types/primitives.ts";
import type { NodeApi, PeerInfo, StoredBlock } from "../../api.ts";
import { base64, int64, rfc3339, upperHex } from "../encoding.ts";
import { RpcError } from "../json-rpc.ts";
import { method } from "../method.ts";
import { BLOCK_PROTOCOL } from "../render/block.ts";
import { renderConsensusParams } from "../render/consensus-params.ts";
import { renderGenesisValidator, renderPubKey } from "../render/validator.ts";
import { resolveHeight } from "./bounds.ts";

/** The version whose JSON this is: clients choose their decoder by it. The node's own version is in `abci_info`. */
export const COMET_VERSION = "0.38.17";
const GENESIS_CHUNK_BYTES = 16 * 1024 * 1024;

/** CometBFT's node ids are 20 bytes in hex; a libp2p peer id is neither. The real one stands in `other.peer_id`. */
function nodeId(peerId: string): string {
  return toHex(sha256(utf8(peerId)).subarray(0, 20));
}

function renderNodeInfo(api: NodeApi, peer: Pick<PeerInfo, "peerId" | "address">, moniker: string, rpcAddress: string) {
  return {
    protocol_version: { p2p: "8", block: BLOCK_PROTOCOL, app: int64(BLOCK_VERSION) },
    id: nodeId(peer.peerId),
    listen_addr: peer.address,
    network: api.spec.chainId,
    version: COMET_VERSION,
    channels: "",
    moniker,
    other: { tx_index: "on", rpc_address: rpcAddress, peer_id: peer.peerId },
  };
}

/** Before the first block, the id that block 1 names as its parent: zero, since clients refuse an empty hash. */
function renderSyncInfo(api: NodeApi) {
  const of = (stored: StoredBlock | undefined) => ({
    hash: upperHex(stored?.blockId ?? ZERO_32),
    app: upperHex(stored?.block.header.stateRoot ?? ZERO_32),
    height: int64(stored?.block.header.height ?? 0),
    time: rfc3339(stored?.block.header.time ?? api.genesisTime),
  });
  const latest = of(api.tip);
  const earliest = of(api.block(api.earliestHeight));
  return {
    latest_block_hash: latest.hash,
    latest_app_hash: latest.app,
    latest_block_height: latest.height,
    latest_block_time: latest.time,
    earliest_block_hash: earliest.hash,
    earliest_app_hash: earliest.app,
    earliest_block_height: earliest.height,
    earliest_block_time: earliest.time,
    catching_up: api.catchingUp,
  };
}

export const status = method("status", {}, ({ api, address }) => {
  // Clients refuse a status without a validator key: a node that has none shows an all-zero one without power.
  const identityKey = api.ownIdentityKey ?? ZERO_32;
  return {
    node_info: renderNodeInfo(api, { peerId: api.peerId, address: api.listenAddress }, api.moniker, address),
    sync_info: renderSyncInfo(api),
    validator_info: {
      address: upperHex(consensusAddress(identityKey)),
      pub_key: renderPubKey(identityKey),
      voting_power: int64(api.ownValidator?.power ?? 0n),
    },
  };
});

export const health = method("health", {}, () => ({}));

export const netInfo = method("net_info", {}, ({ api }) => {
  const peers = api.peers();
  return {
    listening: true,
    listeners: [api.listenAddress],
    n_peers: int64(peers.length),
    peers: peers.map((peer) => ({
      node_info: renderNodeInfo(api, peer, peer.peerId, ""),
      is_outbound: peer.outbound,
      connection_status: {},
      remote_ip: peer.address,
    })),
  };
});

export const consensusParamsMethod = method("consensus_params", { height: "int?" }, ({ api }, params) => {
  const height = resolveHeight(api, params.height);
  const values = api.params(params.height);
  if (values === undefined) throw new RpcError("internal", `the parameters of height ${height} are not available`);
  return { block_height: int64(height), consensus_params: renderConsensusParams(values) };
});

/** CometBFT's genesis document around ours, which stands whole in `app_state`. Null for what is pruned. */
function renderGenesis(api: NodeApi) {
  const params = api.params(1) ?? api.params();
  return {
    genesis_time: rfc3339(api.genesisTime),
    chain_id: api.spec.chainId,
    initial_height: "1",
    consensus_params: params === undefined ? {} : renderConsensusParams(params),
    validators: api.rotation(1)?.validators.map(renderGenesisValidator) ?? null,
    app_hash: "",
    app_state: api.genesis,
  };
}

export const genesis = method("genesis", {}, ({ api }) => {
  const document = renderGenesis(api);
  if (JSON.stringify(document).length > GENESIS_CHUNK_BYTES) {
    throw new RpcError("internal", "genesis response is large, please use the genesis_chunked API instead");
  }
  return { genesis: document };
});

export const genesisChunked = method("genesis_chunked", { chunk: "int?" }, ({ api }, { chunk = 0 }) => {
  const bytes = utf8(JSON.stringify(renderGenesis(api)));
  const total = Math.ceil(bytes.length / GENESIS_CHUNK_BYTES);
  if (chunk < 0 || chunk >= total) {
    throw new RpcError("internal", `chunk ${chunk} is out of range: there are ${total}, counted from 0`);
  }
  const data = bytes.subarray(chunk * GENESIS_CHUNK_BYTES, (chunk + 1) * GENESIS_CHUNK_BYTES);
  return { chunk: int64(chunk), total: int64(total), data: base64(data) };
});

export const abciInfo = method("abci_info", {}, ({ api }) => ({
  response: {
    data: "assay",
    version: api.version,
    app_version: int64(BLOCK_VERSION),
    last_block_height: int64(api.tip?.block.header.height ?? 0),
    last_block_app_hash: base64(api.tip?.block.header.stateRoot ?? ZERO_32),
  },
}));
