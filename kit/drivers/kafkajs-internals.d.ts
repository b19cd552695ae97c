declare module "kafkajs/src/network/requestQueue/index.js" {
  interface RequestQueue {
    /** Unix milliseconds; -1 while the broker has not asked for a pause. */
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
  }
  const requestQueue: { readonly prototype: RequestQueue };
  export default requestQueue;
}

declare module "kafkajs/src/network/connection.js" {
  import type { Socket } from "node:net";
  import type { WireRequest } from "kafkajs/src/protocol/requests/fetch/v10/request.js";

  interface ConnectionOptions {
    readonly host: string;
    readonly port: number;
    readonly clientId: string;
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly enforceRequestTimeout: boolean;
    readonly logger: unknown;
    readonly socketFactory: (wanted: { host: string; port: number; onConnect: () => void }) => Socket;
  }
  class Connection {
    constructor(options: ConnectionOptions);
    connect(): Promise<unknown>;
    disconnect(): Promise<unknown>;
    send<Answer>(exchange: {
      readonly request: WireRequest;
      readonly response: {
        decode(payload: Buffer): Promise<Answer> | Answer;
        parse(answer: Answer): Promise<Answer> | Answer;
      };
      /** Milliseconds. */
      readonly requestTimeout?: number;
    }): Promise<Answer>;
  }
  export default Connection;
}

declare module "kafkajs/src/loggers/index.js" {
  const loggers: {
    createLogger(options: { level: number; logCreator: () => () => void }): unknown;
  };
  export default loggers;
}

declare module "kafkajs/src/protocol/decoder.js" {
  class Decoder {
    constructor(bytes: Buffer);
    readInt8(): number;
    readInt16(): number;
    readInt32(): number;
    readInt64(): bigint;
    readString(): string;
    readBytes(): Buffer | null;
    readArray<T>(read: (decoder: Decoder) => T): T[];
  }
  export default Decoder;
}

declare module "kafkajs/src/protocol/requests/metadata/v5/request.js" {
  import type { WireRequest } from "kafkajs/src/protocol/requests/fetch/v10/request.js";
  /** No topics: all of them. */
  export default function request(options: {
    readonly topics: readonly string[];
    readonly allowAutoTopicCreation: boolean;
  }): WireRequest;
}

declare module "kafkajs/src/protocol/requests/metadata/v5/response.js" {
  interface Metadata {
    readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
    readonly topicMetadata: readonly {
      readonly topicErrorCode: number;
      readonly topic: string;
      readonly isInternal: boolean;
      readonly partitionMetadata: readonly {
        readonly partitionErrorCode: number;
        readonly partitionId: number;
        readonly leader: number;
      }[];
    }[];
  }
  const response: { decode(payload: Buffer): Promise<Metadata> };
  export default response;
}

declare module "kafkajs/src/protocol/requests/listOffsets/v2/request.js" {
  import type { WireRequest } from "kafkajs/src/protocol/requests/fetch/v10/request.js";
  export default function request(options: {
    readonly replicaId: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
    }[];
  }): WireRequest;
}

declare module "kafkajs/src/protocol/requests/listOffsets/v2/response.js" {
  interface Offsets {
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly errorCode: number;
        readonly offset: string;
      }[];
    }[];
  }
  const response: { decode(payload: Buffer): Promise<Offsets> };
  export default response;
}

declare module "kafkajs/src/protocol/requests/fetch/v10/request.js" {
  export interface WireRequest {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<unknown>;
  }
  export default function request(options: {
    readonly replicaId: number;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: number;
        readonly maxBytes: number;
      }[];
    }[];
  }): WireRequest;
}
