import type { Api, Handler } from "../broker.js";
import { apiVersions } from "./api-versions.js";
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from "./configs.js";
import { fetch } from "./fetch.js";
import { deleteGroups, describeGroups, listGroups } from "./group-admin.js";
import { offsetCommit, offsetDelete, offsetFetch } from "./group-offsets.js";
import { findCoordinator, heartbeat, joinGroup, leaveGroup, syncGroup } from "./groups.js";
import { initProducerId } from "./init-producer-id.js";
import { metadata } from "./metadata.js";
import { deleteRecords, listOffsets, offsetForLeaderEpoch } from "./offsets.js";
import { produce } from "./produce.js";
import { createPartitions, createTopics, deleteTopics } from "./topics.js";

/** The throttle time is not the first field of the answer. */
const never = Number.POSITIVE_INFINITY;

/** Key, first and last version, version from which the answer begins with a throttle time, and who answers. */
const table: readonly (readonly [number, number, number, number, Handler])[] = [
  [0, 3, 8, never, produce],
  [1, 4, 11, 1, fetch],
  [2, 1, 5, 2, listOffsets],
  [3, 0, 8, 3, metadata],
  [8, 2, 7, 3, offsetCommit],
  [9, 1, 5, 3, offsetFetch],
  [10, 0, 2, 1, findCoordinator],
  [11, 2, 5, 2, joinGroup],
  [12, 0, 3, 1, heartbeat],
  [13, 0, 3, 1, leaveGroup],
  [14, 0, 3, 1, syncGroup],
  [15, 0, 4, 1, describeGroups],
  [16, 0, 2, 1, listGroups],
  [18, 0, 3, never, apiVersions],
  [19, 2, 4, 2, createTopics],
  [20, 1, 3, 1, deleteTopics],
  [21, 0, 1, 0, deleteRecords],
  [22, 0, 1, 0, initProducerId],
  [23, 2, 3, 2, offsetForLeaderEpoch],
  [32, 1, 3, 0, describeConfigs],
  [33, 0, 1, 0, alterConfigs],
  [37, 0, 1, 0, createPartitions],
  [42, 0, 1, 0, deleteGroups],
  [44, 0, 0, 0, incrementalAlterConfigs],
  [47, 0, 0, never, offsetDelete],
];

/** All that is offered, by API key; the versions are those of docs/adr/0008-embedded-runtime.md. */
export const apis: ReadonlyMap<number, Api> = new Map(
  table.map(([key, min, max, throttledFrom, handle]) => [key, { key, min, max, throttledFrom, handle }]),
);
