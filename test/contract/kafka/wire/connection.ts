import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { decode, encode, integer, type Schema, type Value } from "./schema.js";

/** One version of one API, as Kafka's protocol guide spells it. */
export interface Api<Q extends Schema, A extends Schema> {
  readonly key: number;
  readonly version: number;
  readonly request: Q;
  readonly response: A;
}

/** A connection to a broker that says what a client library would not. */
export interface RawConnection {
  /** Rejects where the connection closes before the answer. */
  ask<Q extends Schema, A extends Schema>(api: Api<Q, A>, body: Value<Q>): Promise<Value<A>>;
  /** The same without waiting for an answer, for acks 0. */
  tell<Q extends Schema>(api: Api<Q, Schema>, body: Value<Q>): void;
  /** The bytes of the answer to a request of any key, version and body, after its correlation id. */
  askBytes(key: number, version: number, body: Buffer): Promise<Buffer>;
  /** Bytes as they are, without a length before them. */
  sendBytes(bytes: Buffer): void;
  /** Resolves once the broker has closed the connection, however it did. */
  readonly closed: Promise<void>;
  close(): void;
}

const clientId = "contract";

export async function openRaw(broker: string): Promise<RawConnection> {
  const [host = "", port] = broker.split(":");
  const socket = connect({ host, port: Number(port) });
  await once(socket, "connect");
  socket.setNoDelay(true);
  const waiting = new Map<number, (answer: Buffer | Error) => void>();
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  void closed.then(() => {
    for (const settle of waiting.values()) settle(new Error("the broker closed the connection"));
  });
  readAnswers(socket, (correlation, answer) => {
    waiting.get(correlation)?.(answer);
    waiting.delete(correlation);
  });

  let correlations = 0;
  const send = (key: number, version: number, body: Buffer) => {
    const correlation = ++correlations;
    const header = encode(requestHeader, { key, version, correlation, clientId });
    socket.write(Buffer.concat([integer("i32", header.length + body.length), header, body]));
    return correlation;
  };
  const askBytes = (key: number, version: number, body: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      if (socket.closed) return reject(new Error("the connection is closed"));
      waiting.set(send(key, version, body), (answer) =>
        answer instanceof Error ? reject(answer) : resolve(answer),
      );
    });
  return {
    ask: async (api, body) =>
      decode(api.response, await askBytes(api.key, api.version, encode(api.request, body))),
    tell: (api, body) => void send(api.key, api.version, encode(api.request, body)),
    askBytes,
    sendBytes: (bytes) => void socket.write(bytes),
    closed,
    close: () => socket.destroy(),
  };
}

const requestHeader = { key: "i16", version: "i16", correlation: "i32", clientId: "nullableString" } as const;

function readAnswers(socket: Socket, take: (correlation: number, answer: Buffer) => void): void {
  let pending = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE()) {
      const end = 4 + pending.readInt32BE();
      take(pending.readInt32BE(4), pending.subarray(8, end));
      pending = pending.subarray(end);
    }
  });
}
