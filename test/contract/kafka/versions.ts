import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { nameProducer } from "./name-producer.js";
import { apiVersions } from "./wire/apis.js";
import { decode } from "./wire/schema.js";
import type { World } from "./world.js";

/** What kafkajs writes and reads by itself, version by version. */
interface KafkajsApi {
  readonly versions: readonly string[];
  protocol(of: { version: string }): (...args: readonly unknown[]) => {
    request: { apiKey: number; apiVersion: number; encode(): Promise<{ buffer: Buffer }> };
    response: { decode(bytes: Buffer): Promise<unknown> };
  };
}

const load = createRequire(import.meta.url);
const kafkajs = load("kafkajs/src/protocol/requests").requests as Readonly<Record<string, KafkajsApi>>;

interface Subject {
  readonly topic: string;
  readonly group: string;
}

interface Case {
  readonly args: (subject: Subject) => readonly unknown[];
  /** Part of what kafkajs reads out of the answer. */
  readonly answer: (subject: Subject) => object;
}

const timeout = 10_000;
const unknownMember = { errorCode: 25 };
const noError = { errorCode: 0 };
const errorTopics = (topic: string) => ({ topicErrors: [{ topic, ...noError }] });
const member = ({ group }: Subject) => ({
  groupId: group,
  memberId: "nobody",
  groupGenerationId: 1,
  generationId: 1,
});

const cases: Readonly<Record<string, Case>> = {
  Produce: {
    args: ({ topic }) => [
      {
        acks: -1,
        timeout,
        topicData: [
          { topic, partitions: [{ partition: 0, messages: [{ value: "a", timestamp: Date.now() }] }] },
        ],
      },
    ],
    answer: ({ topic }) => ({
      topics: [{ topicName: topic, partitions: [{ partition: 0, ...noError, baseOffset: "1" }] }],
    }),
  },
  Fetch: {
    args: ({ topic }) => {
      const partition = { partition: 0, fetchOffset: "0", maxBytes: 100_000 };
      const topics = [
        { topic, partitions: [{ ...partition, currentLeaderEpoch: -1, logStartOffset: "-1" }] },
      ];
      return [{ replicaId: -1, isolationLevel: 0, maxWaitTime: 0, minBytes: 1, maxBytes: 100_000, topics }];
    },
    answer: ({ topic }) => {
      const partitions = [{ partition: 0, ...noError, highWatermark: "1", messages: [{ offset: "0" }] }];
      return { responses: [{ topicName: topic, partitions }] };
    },
  },
  ListOffsets: {
    args: ({ topic }) => {
      const topics = [{ topic, partitions: [{ partition: 0, timestamp: "-1" }] }];
      return [{ replicaId: -1, isolationLevel: 0, topics }];
    },
    answer: ({ topic }) => ({
      responses: [{ topic, partitions: [{ partition: 0, ...noError, offset: "1" }] }],
    }),
  },
  Metadata: {
    args: ({ topic }) => [{ topics: [topic], allowAutoTopicCreation: false }],
    answer: ({ topic }) => ({
      topicMetadata: [
        { topicErrorCode: 0, topic, partitionMetadata: [{ partitionErrorCode: 0, partitionId: 0 }] },
      ],
    }),
  },
  OffsetCommit: {
    args: ({ group, topic }) => {
      const topics = [{ topic, partitions: [{ partition: 0, offset: "1" }] }];
      return [{ groupId: group, groupGenerationId: -1, memberId: "", retentionTime: -1, topics }];
    },
    answer: ({ topic }) => ({ responses: [{ topic, partitions: [{ partition: 0, ...noError }] }] }),
  },
  OffsetFetch: {
    args: ({ group, topic }) => [{ groupId: group, topics: [{ topic, partitions: [{ partition: 0 }] }] }],
    answer: ({ topic }) => ({
      responses: [{ topic, partitions: [{ partition: 0, ...noError, offset: "-1" }] }],
    }),
  },
  GroupCoordinator: {
    args: ({ group }) => [{ groupId: group }],
    answer: () => ({ ...noError, coordinator: { host: "127.0.0.1" } }),
  },
  JoinGroup: {
    args: ({ group }) => {
      const groupProtocols = [{ name: "range", metadata: Buffer.alloc(0) }];
      const times = { sessionTimeout: 6000, rebalanceTimeout: 6000 };
      return [{ groupId: group, ...times, memberId: "nobody", protocolType: "consumer", groupProtocols }];
    },
    answer: () => unknownMember,
  },
  SyncGroup: {
    args: (subject) => [{ ...member(subject), groupAssignment: [] }],
    answer: () => unknownMember,
  },
  Heartbeat: { args: (subject) => [member(subject)], answer: () => unknownMember },
  DescribeGroups: {
    args: ({ group }) => [{ groupIds: [group] }],
    answer: ({ group }) => ({ groups: [{ ...noError, groupId: group, state: "Dead" }] }),
  },
  ListGroups: { args: () => [], answer: () => noError },
  CreateTopics: {
    args: ({ topic }) => {
      const one = { topic: `${topic}-new`, numPartitions: 1, replicationFactor: 1 };
      return [{ topics: [one], validateOnly: true, timeout }];
    },
    answer: ({ topic }) => errorTopics(`${topic}-new`),
  },
  DeleteTopics: {
    args: ({ topic }) => [{ topics: [topic], timeout }],
    answer: ({ topic }) => errorTopics(topic),
  },
  DeleteRecords: {
    args: ({ topic }) => [{ topics: [{ topic, partitions: [{ partition: 0, offset: "1" }] }], timeout }],
    answer: ({ topic }) => ({
      topics: [{ topic, partitions: [{ partition: 0, ...noError, lowWatermark: 1n }] }],
    }),
  },
  InitProducerId: {
    args: () => [{ transactionalId: null, transactionTimeout: timeout }],
    answer: () => ({ ...noError, producerEpoch: 0 }),
  },
  DescribeConfigs: {
    args: ({ topic }) => [
      { resources: [{ type: 2, name: topic, configNames: ["retention.ms"] }], includeSynonyms: true },
    ],
    answer: ({ topic }) => ({
      resources: [{ ...noError, resourceName: topic, configEntries: [{ configName: "retention.ms" }] }],
    }),
  },
  AlterConfigs: {
    args: ({ topic }) => {
      const configEntries = [{ name: "retention.ms", value: "60000" }];
      return [{ resources: [{ type: 2, name: topic, configEntries }], validateOnly: true }];
    },
    answer: ({ topic }) => ({ resources: [{ ...noError, resourceName: topic }] }),
  },
  CreatePartitions: {
    args: ({ topic }) => [{ topicPartitions: [{ topic, count: 2 }], validateOnly: true, timeout }],
    answer: ({ topic }) => errorTopics(topic),
  },
  DeleteGroups: {
    args: ({ group }) => [[group]],
    answer: ({ group }) => ({ results: [{ groupId: group, errorCode: 69 }] }),
  },
};

export function describeVersions(world: World): void {
  describe("every version that kafkajs has too", () => {
    it.each(Object.entries(cases))("%s", async (name, { args, answer }) => {
      const offered = decode(apiVersions.response, await world.raw.askBytes(18, 0, Buffer.alloc(0))).apis;
      const api = kafkajs[name];
      const connection = await world.connect();
      if (name === "InitProducerId") await nameProducer(world);
      let asked = 0;
      for (const version of api?.versions ?? []) {
        const subject = { topic: await world.topic(), group: world.name("group") };
        const { request, response } = api?.protocol({ version })(...args(subject)) ?? {};
        const range = offered.find(({ key }) => key === request?.apiKey);
        // Apache Kafka names 0 to 2 for the sake of old librdkafkas, and closes the connection at them (KIP-896).
        if (name === "Produce" && Number(version) < 3) continue;
        if (!request || !response || !range || Number(version) < range.min || Number(version) > range.max)
          continue;
        await world.produce(subject.topic, { values: ["first"] });
        const { buffer } = await request.encode();
        const bytes = await connection.askBytes(request.apiKey, request.apiVersion, buffer);
        expect(await response.decode(bytes), `version ${version}`).toMatchObject(answer(subject));
        asked += 1;
      }
      expect(asked).toBeGreaterThan(0);
    });
  });
}
