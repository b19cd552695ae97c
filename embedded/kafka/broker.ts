import type { GroupCoordinator } from "./groups/group-coordinator.js";
import type { Reader } from "./protocol/reader.js";
import type { Writer } from "./protocol/writer.js";
import type { Client } from "./server/listen.js";
import type { ProducerIds } from "./topics/broker-state.js";
import type { TopicRegistry } from "./topics/topic-registry.js";

/** The only node, so it leads everything, in the first epoch for ever. */
export const nodeId = 1;
export const leaderEpoch = 0;

/** What the APIs work on. */
export interface Broker {
  readonly clusterId: string;
  /** What clients are told to connect to. */
  readonly host: string;
  readonly port: number;
  readonly topics: TopicRegistry;
  readonly groups: GroupCoordinator;
  readonly producerIds: ProducerIds;
  /** Whether the disk is too full to take more. */
  readonly isDiskLow: () => Promise<boolean>;
  /** Logs an error; see {@link limitLog}. */
  readonly report: (kind: string, text: string) => void;
}

export interface ApiRequest {
  readonly version: number;
  /** At the first byte behind the header. */
  readonly reader: Reader;
  /** Of the answer, which the throttle time, where it has one in front, is already in: nobody is ever throttled. */
  readonly writer: Writer;
  readonly clientId: string;
  readonly client: Client;
}

/** @returns undefined where the protocol has no answer; what it throws ends the connection */
export type Handler = (broker: Broker, request: ApiRequest) => Promise<Writer | undefined> | Writer;

/** One API of the Kafka protocol guide ("Protocol API Keys") in the versions that are offered. */
export interface Api {
  readonly key: number;
  readonly min: number;
  readonly max: number;
  /** Version from which the answer begins with the throttle time. */
  readonly throttledFrom: number;
  readonly handle: Handler;
}
