import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { AmqpServer } from "./lab.js";
import { within } from "./lab.js";

/** A frame of AMQP 0-9-1, section 2.3.5. */
export interface Frame {
  /** 1 method, 2 content header, 3 content body, 8 heartbeat. */
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

export const protocolHeader = Buffer.from("AMQP\x00\x00\x09\x01", "latin1");

/** Class and method ids, section "Classes and methods" of the specification. */
export const methods = {
  startOk: [10, 11],
  tuneOk: [10, 31],
  open: [10, 40],
  updateSecret: [10, 70],
  channelOpen: [20, 10],
  queueDeclare: [50, 10],
  consume: [60, 20],
  publish: [60, 40],
  get: [60, 70],
  recover: [60, 110],
  txSelect: [90, 10],
} as const satisfies Record<string, readonly [number, number]>;

export type MethodName = keyof typeof methods;

export function shortString(text: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
}

export function longString(text: string | Buffer): Buffer {
  return Buffer.concat([uint32(Buffer.byteLength(text)), Buffer.from(text)]);
}

export function uint16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}

export function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

export const emptyTable = uint32(0);

export function frame(type: number, channel: number, payload: Uint8Array): Buffer {
  const head = Buffer.concat([Buffer.from([type]), uint16(channel), uint32(payload.byteLength)]);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}

export function method(channel: number, name: MethodName, ...fields: readonly Uint8Array[]): Buffer {
  const [classId, methodId] = methods[name];
  return frame(1, channel, Buffer.concat([uint16(classId), uint16(methodId), ...fields]));
}

/** Header and body frames of one message; `properties`: flags and values as they stand on the wire. */
export function content(channel: number, properties: Uint8Array, body: Buffer): Buffer {
  const head = Buffer.concat([uint16(60), uint16(0), uint32(0), uint32(body.length), properties]);
  const bodyFrames = body.length === 0 ? [] : [frame(3, channel, body)];
  return Buffer.concat([frame(2, channel, head), ...bodyFrames]);
}

interface Tuning {
  readonly channelMax?: number;
  readonly frameMaxBytes?: number;
  readonly heartbeatSeconds?: number;
}

/** A client that says whatever it is told to, to see what the server answers. */
export class RawAmqp {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    for (const event of ["end", "close", "error"]) {
      socket.on(event, () => {
        this.#ended = true;
        socket.emit("over");
      });
    }
  }

  static async connect({ host, port }: Pick<AmqpServer, "host" | "port">): Promise<RawAmqp> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, "connect");
    return new RawAmqp(socket);
  }

  /** Up to Connection.Open, which comes next. */
  static async authenticate(server: AmqpServer, tuning: Tuning = {}): Promise<RawAmqp> {
    const client = await RawAmqp.connect(server);
    client.send(protocolHeader);
    await client.expect(10, 10);
    const response = longString(`\0${server.user}\0${server.password}`);
    client.send(method(0, "startOk", emptyTable, shortString("PLAIN"), response, shortString("en_US")));
    await client.expect(10, 30);
    const { channelMax = 100, frameMaxBytes = 131_072, heartbeatSeconds = 0 } = tuning;
    client.send(method(0, "tuneOk", uint16(channelMax), uint32(frameMaxBytes), uint16(heartbeatSeconds)));
    return client;
  }

  /** Through the whole handshake with the virtual host "/"; channel 1 is open. */
  static async login(server: AmqpServer, tuning?: Tuning): Promise<RawAmqp> {
    const client = await RawAmqp.authenticate(server, tuning);
    client.send(method(0, "open", shortString("/"), shortString(""), Buffer.from([0])));
    await client.expect(10, 41);
    await client.openChannel(1);
    return client;
  }

  async openChannel(channel: number): Promise<void> {
    this.send(method(channel, "channelOpen", shortString("")));
    await this.expect(20, 11);
  }

  send(...chunks: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(chunks));
  }

  /** @throws Error when the server closes the connection or is silent for long */
  async readFrame(): Promise<Frame> {
    await this.#waitForBytes(7);
    const length = this.#received.readUInt32BE(3);
    await this.#waitForBytes(length + 8);
    const bytes = this.#take(length + 8);
    if (bytes.at(-1) !== 0xce) throw new Error("a frame without its end octet");
    const [type = 0] = bytes;
    return { type, channel: bytes.readUInt16BE(1), payload: bytes.subarray(7, -1) };
  }

  /** The arguments of the next method frame, which has to be this method. Heartbeats are passed over. */
  async expect(classId: number, methodId: number): Promise<Buffer> {
    let next = await this.readFrame();
    while (next.type === 8) next = await this.readFrame();
    const got = next.type === 1 ? [next.payload.readUInt16BE(0), next.payload.readUInt16BE(2)] : [next.type];
    if (got[0] !== classId || got[1] !== methodId) {
      throw new Error(
        `wanted method ${classId}.${methodId}, got ${got.join(".")}: ${next.payload.toString("latin1")}`,
      );
    }
    return next.payload.subarray(4);
  }

  /** The reply code and text with which the server closes the connection (channel 0) or a channel. */
  async readClose(channel = 0): Promise<{ readonly code: number; readonly text: string }> {
    const fields = await this.expect(channel === 0 ? 10 : 20, channel === 0 ? 50 : 40);
    return { code: fields.readUInt16BE(0), text: fields.toString("utf8", 3, 3 + fields.readUInt8(2)) };
  }

  /** Everything until the server ends the connection. */
  async readToEnd(): Promise<Buffer> {
    while (!this.#ended) await this.#more();
    return this.#take(this.#received.length);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #waitForBytes(count: number): Promise<void> {
    while (this.#received.length < count) {
      if (this.#ended) throw new Error("the server has closed the connection");
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const ended = new AbortController();
    const { signal } = ended;
    const events = ["data", "over"].map((event) => once(this.#socket, event, { signal }).catch(() => {}));
    try {
      await within(Promise.race(events), "bytes of the server");
    } finally {
      ended.abort();
    }
  }

  #take(count: number): Buffer {
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return bytes;
  }
}
