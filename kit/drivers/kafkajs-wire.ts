import loggers from "kafkajs/src/loggers/index.js";
import "./kafkajs-idle-timer.js";

/**
 * The parts of kafkajs that `kit/kafka-connection.ts` is made of: a connection, and requests of one version each. All
 * brokers since Apache Kafka 2.1 know these versions, so that nothing is negotiated; older versions of Fetch refuse
 * topics that hold zstd.
 */
export { default as Connection } from "kafkajs/src/network/connection.js";
export { default as Decoder } from "kafkajs/src/protocol/decoder.js";
export { default as fetchRequest } from "kafkajs/src/protocol/requests/fetch/v10/request.js";
export { default as offsetsRequest } from "kafkajs/src/protocol/requests/listOffsets/v2/request.js";
export { default as offsetsResponse } from "kafkajs/src/protocol/requests/listOffsets/v2/response.js";
export { default as metadataRequest } from "kafkajs/src/protocol/requests/metadata/v5/request.js";
export { default as metadataResponse } from "kafkajs/src/protocol/requests/metadata/v5/response.js";

export const silent = loggers.createLogger({ level: 0, logCreator: () => () => {} });
