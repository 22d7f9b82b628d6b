/** What a long-running node is started with. */
export declare const NODE_FLAGS: readonly string[];
