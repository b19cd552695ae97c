import type { Socket } from "node:net";
import type { Kafka } from "kafkajs";

export interface KafkaSettings {
  readonly clientId: string;
  /** "host:port" each. */
  readonly brokers: readonly string[];
  /** For the connection and for each request. */
  readonly timeoutMs: number;
  /** Attempts after the first, for connections and requests alike. */
  readonly retries: number;
  /** Opens the connections; default: a plain socket. Ours to give, so that its owner can end it at any time. */
  readonly openSocket?: (host: string, port: number) => Socket;
}

/**
 * kafkajs, configured once for all who use it: no Nagle delay (it sets none itself and waits 40 ms a request),
 * silent, with time limits that hold. Loaded on first use: it costs 30 ms.
 */
export async function createKafka(settings: KafkaSettings): Promise<Kafka> {
  // kafkajs reads it from the environment only.
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";
  const { Kafka, logLevel } = await import("./drivers/kafkajs.js");
  const openSocket = settings.openSocket ?? openPlainSocket(await import("node:net"));
  return new Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    connectionTimeout: settings.timeoutMs,
    requestTimeout: settings.timeoutMs,
    authenticationTimeout: settings.timeoutMs,
    enforceRequestTimeout: true,
    retry: { retries: settings.retries },
    logLevel: logLevel.NOTHING,
    logCreator: () => () => {},
    socketFactory: ({ host, port, onConnect }) => {
      const socket = openSocket(host, port);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 60_000);
      socket.once("connect", onConnect);
      return socket;
    },
  });
}

function openPlainSocket(net: typeof import("node:net")): (host: string, port: number) => Socket {
  return (host, port) => net.connect({ host, port });
}
