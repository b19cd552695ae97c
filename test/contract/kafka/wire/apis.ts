/** The API versions that the contract asks for by itself; both brokers have them. */

const error = { errorCode: "i16" } as const;
const named = { errorCode: "i16", errorMessage: "nullableString" } as const;

export const apiVersions = {
  key: 18,
  version: 0,
  request: {},
  response: { ...error, apis: [{ key: "i16", min: "i16", max: "i16" }] },
} as const;

export const metadata = {
  key: 3,
  version: 5,
  request: { topics: ["string", "nullable"], allowAutoTopicCreation: "bool" },
  response: {
    throttleMs: "i32",
    brokers: [{ nodeId: "i32", host: "string", port: "i32", rack: "nullableString" }],
    clusterId: "nullableString",
    controllerId: "i32",
    topics: [
      {
        ...error,
        name: "string",
        isInternal: "bool",
        partitions: [
          {
            ...error,
            index: "i32",
            leader: "i32",
            replicas: ["i32"],
            inSync: ["i32"],
            offline: ["i32"],
          },
        ],
      },
    ],
  },
} as const;

export const produce = {
  key: 0,
  version: 7,
  request: {
    transactionalId: "nullableString",
    acks: "i16",
    timeoutMs: "i32",
    topics: [{ name: "string", partitions: [{ index: "i32", records: "bytes" }] }],
  },
  response: {
    topics: [
      {
        name: "string",
        partitions: [
          { index: "i32", ...error, baseOffset: "i64", logAppendTimeMs: "i64", logStartOffset: "i64" },
        ],
      },
    ],
    throttleMs: "i32",
  },
} as const;

export const fetch = {
  key: 1,
  version: 10,
  request: {
    replicaId: "i32",
    maxWaitMs: "i32",
    minBytes: "i32",
    maxBytes: "i32",
    isolation: "i8",
    sessionId: "i32",
    sessionEpoch: "i32",
    topics: [
      {
        name: "string",
        partitions: [
          {
            index: "i32",
            currentLeaderEpoch: "i32",
            offset: "i64",
            logStartOffset: "i64",
            maxBytes: "i32",
          },
        ],
      },
    ],
    forgotten: [{ name: "string", partitions: ["i32"] }],
  },
  response: {
    throttleMs: "i32",
    ...error,
    sessionId: "i32",
    topics: [
      {
        name: "string",
        partitions: [
          {
            index: "i32",
            ...error,
            highWatermark: "i64",
            lastStableOffset: "i64",
            logStartOffset: "i64",
            aborted: [{ producerId: "i64", firstOffset: "i64" }, "nullable"],
            records: "bytes",
          },
        ],
      },
    ],
  },
} as const;

export const listOffsets = {
  key: 2,
  version: 1,
  request: {
    replicaId: "i32",
    topics: [{ name: "string", partitions: [{ index: "i32", timestampMs: "i64" }] }],
  },
  response: {
    topics: [{ name: "string", partitions: [{ index: "i32", ...error, timestampMs: "i64", offset: "i64" }] }],
  },
} as const;

export const offsetForLeaderEpoch = {
  key: 23,
  version: 2,
  request: {
    topics: [
      { name: "string", partitions: [{ index: "i32", currentLeaderEpoch: "i32", leaderEpoch: "i32" }] },
    ],
  },
  response: {
    throttleMs: "i32",
    topics: [
      { name: "string", partitions: [{ ...error, index: "i32", leaderEpoch: "i32", endOffset: "i64" }] },
    ],
  },
} as const;

export const initProducerId = {
  key: 22,
  version: 1,
  request: { transactionalId: "nullableString", timeoutMs: "i32" },
  response: { throttleMs: "i32", ...error, producerId: "i64", producerEpoch: "i16" },
} as const;

const config = { name: "string", value: "nullableString" } as const;

export const createTopics = {
  key: 19,
  version: 4,
  request: {
    topics: [
      {
        name: "string",
        partitions: "i32",
        replicas: "i16",
        assignments: [{ partition: "i32", brokers: ["i32"] }],
        configs: [config],
      },
    ],
    timeoutMs: "i32",
    validateOnly: "bool",
  },
  response: { throttleMs: "i32", topics: [{ name: "string", ...named }] },
} as const;

export const deleteTopics = {
  key: 20,
  version: 3,
  request: { names: ["string"], timeoutMs: "i32" },
  response: { throttleMs: "i32", topics: [{ name: "string", ...error }] },
} as const;

export const createPartitions = {
  key: 37,
  version: 1,
  request: {
    topics: [{ name: "string", count: "i32", assignments: [["i32"], "nullable"] }],
    timeoutMs: "i32",
    validateOnly: "bool",
  },
  response: { throttleMs: "i32", topics: [{ name: "string", ...named }] },
} as const;

export const deleteRecords = {
  key: 21,
  version: 1,
  request: {
    topics: [{ name: "string", partitions: [{ index: "i32", offset: "i64" }] }],
    timeoutMs: "i32",
  },
  response: {
    throttleMs: "i32",
    topics: [{ name: "string", partitions: [{ index: "i32", lowWatermark: "i64", ...error }] }],
  },
} as const;

export const describeConfigs = {
  key: 32,
  version: 1,
  request: {
    resources: [{ type: "i8", name: "string", keys: ["string", "nullable"] }],
    synonyms: "bool",
  },
  response: {
    throttleMs: "i32",
    resources: [
      {
        ...named,
        type: "i8",
        name: "string",
        configs: [
          {
            ...config,
            readOnly: "bool",
            source: "i8",
            sensitive: "bool",
            synonyms: [{ ...config, source: "i8" }],
          },
        ],
      },
    ],
  },
} as const;

const configsAltered = {
  throttleMs: "i32",
  resources: [{ ...named, type: "i8", name: "string" }],
} as const;

export const alterConfigs = {
  key: 33,
  version: 1,
  request: { resources: [{ type: "i8", name: "string", configs: [config] }], validateOnly: "bool" },
  response: configsAltered,
} as const;

export const incrementalAlterConfigs = {
  key: 44,
  version: 0,
  request: {
    resources: [
      {
        type: "i8",
        name: "string",
        configs: [{ name: "string", operation: "i8", value: "nullableString" }],
      },
    ],
    validateOnly: "bool",
  },
  response: configsAltered,
} as const;

export const findCoordinator = {
  key: 10,
  version: 2,
  request: { key: "string", type: "i8" },
  response: { throttleMs: "i32", ...named, nodeId: "i32", host: "string", port: "i32" },
} as const;

const joinRequest = {
  group: "string",
  sessionTimeoutMs: "i32",
  rebalanceTimeoutMs: "i32",
  member: "string",
} as const;
const joinRest = { protocolType: "string", protocols: [{ name: "string", metadata: "bytes" }] } as const;
const joinResponse = {
  throttleMs: "i32",
  ...error,
  generation: "i32",
  protocol: "string",
  leader: "string",
  member: "string",
} as const;

/** The last version at which a member joins without an id in one step. */
export const joinGroup = {
  key: 11,
  version: 3,
  request: { ...joinRequest, ...joinRest },
  response: { ...joinResponse, members: [{ member: "string", metadata: "bytes" }] },
} as const;

/** The first version with static members. */
export const joinGroupStatic = {
  key: 11,
  version: 5,
  request: { ...joinRequest, instance: "nullableString", ...joinRest },
  response: {
    ...joinResponse,
    members: [{ member: "string", instance: "nullableString", metadata: "bytes" }],
  },
} as const;

const generation = {
  group: "string",
  generation: "i32",
  member: "string",
  instance: "nullableString",
} as const;

export const syncGroup = {
  key: 14,
  version: 3,
  request: { ...generation, assignments: [{ member: "string", assignment: "bytes" }] },
  response: { throttleMs: "i32", ...error, assignment: "bytes" },
} as const;

export const heartbeat = {
  key: 12,
  version: 3,
  request: generation,
  response: { throttleMs: "i32", ...error },
} as const;

export const leaveGroup = {
  key: 13,
  version: 3,
  request: { group: "string", members: [{ member: "string", instance: "nullableString" }] },
  response: {
    throttleMs: "i32",
    ...error,
    members: [{ member: "string", instance: "nullableString", ...error }],
  },
} as const;

export const offsetCommit = {
  key: 8,
  version: 7,
  request: {
    ...generation,
    topics: [
      {
        name: "string",
        partitions: [{ index: "i32", offset: "i64", leaderEpoch: "i32", metadata: "nullableString" }],
      },
    ],
  },
  response: { throttleMs: "i32", topics: [{ name: "string", partitions: [{ index: "i32", ...error }] }] },
} as const;

export const offsetFetch = {
  key: 9,
  version: 5,
  request: { group: "string", topics: [{ name: "string", partitions: ["i32"] }, "nullable"] },
  response: {
    throttleMs: "i32",
    topics: [
      {
        name: "string",
        partitions: [
          { index: "i32", offset: "i64", leaderEpoch: "i32", metadata: "nullableString", ...error },
        ],
      },
    ],
    ...error,
  },
} as const;

export const offsetDelete = {
  key: 47,
  version: 0,
  request: { group: "string", topics: [{ name: "string", partitions: ["i32"] }] },
  response: {
    ...error,
    throttleMs: "i32",
    topics: [{ name: "string", partitions: [{ index: "i32", ...error }] }],
  },
} as const;

export const describeGroups = {
  key: 15,
  version: 4,
  request: { groups: ["string"], includeOperations: "bool" },
  response: {
    throttleMs: "i32",
    groups: [
      {
        ...error,
        group: "string",
        state: "string",
        protocolType: "string",
        protocol: "string",
        members: [
          {
            member: "string",
            instance: "nullableString",
            clientId: "string",
            host: "string",
            metadata: "bytes",
            assignment: "bytes",
          },
        ],
        operations: "i32",
      },
    ],
  },
} as const;

export const deleteGroups = {
  key: 42,
  version: 1,
  request: { groups: ["string"] },
  response: { throttleMs: "i32", groups: [{ group: "string", ...error }] },
} as const;
