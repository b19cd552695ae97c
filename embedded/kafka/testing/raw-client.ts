import { connect, type Socket } from "node:net";
import { FrameBuffer } from "../protocol/frames.js";
import { Reader } from "../protocol/reader.js";
import { Writer } from "../protocol/writer.js";

export interface Answer {
  readonly correlationId: number;
  readonly reader: Reader;
}

/** A connection on which a test sends what it likes. */
export interface RawClient {
  readonly socket: Socket;
  /** Sends a request with header version 1. */
  send(request: { key: number; version: number; correlationId?: number }, body?: Writer): void;
  /** The next answer; rejects when the connection ends before it. */
  receive(): Promise<Answer>;
  /** Resolves when the server has ended the connection. */
  ended(): Promise<void>;
  close(): void;
}

export async function connectRaw(port: number): Promise<RawClient> {
  const socket = connect({ host: "127.0.0.1", port });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const frames = new FrameBuffer();
  const answers: Answer[] = [];
  let isClosed = false;
  let wake = () => {};
  socket.on("data", (chunk) => {
    frames.push(chunk);
    for (let frame = frames.take(); frame !== undefined; frame = frames.take()) {
      const reader = new Reader(frame);
      answers.push({ correlationId: reader.int32(), reader });
    }
    wake();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    isClosed = true;
    wake();
  });

  async function until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    socket,
    send({ key, version, correlationId = 0 }, body = new Writer()) {
      const header = new Writer().int16(key).int16(version).int32(correlationId).nullableString("raw");
      const message = Buffer.concat([...header.finish(), ...body.finish()]);
      socket.write(Buffer.concat(new Writer().bytes(message).finish()));
    },
    async receive() {
      await until(() => answers.length > 0 || isClosed);
      const answer = answers.shift();
      if (answer === undefined) throw new Error("the connection ended before an answer");
      return answer;
    },
    ended: () => until(() => isClosed),
    close: () => socket.destroy(),
  };
}
