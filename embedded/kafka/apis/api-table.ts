import type { Api } from "../broker.js";
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

/** All that is offered, by API key; the versions are those of docs/adr/0008-embedded-runtime.md. */
export const apis: ReadonlyMap<number, Api> = new Map(
  [
    produce,
    fetch,
    listOffsets,
    metadata,
    offsetCommit,
    offsetFetch,
    findCoordinator,
    joinGroup,
    heartbeat,
    leaveGroup,
    syncGroup,
    describeGroups,
    listGroups,
    apiVersions,
    createTopics,
    deleteTopics,
    deleteRecords,
    initProducerId,
    offsetForLeaderEpoch,
    describeConfigs,
    alterConfigs,
    createPartitions,
    deleteGroups,
    incrementalAlterConfigs,
    offsetDelete,
  ].map((api) => [api.key, api]),
);
