import type { Socket } from "node:net";
import type { ChannelHost } from "../channel/channel-host.js";
import type { PublishOutcome } from "../queues/queue.js";
import type { Topology } from "../topology/topology.js";
import { AmqpError } from "../wire/amqp-error.js";
import { type Frame, frameTypes } from "../wire/frame-reader.js";
import { heartbeat, methodFrame } from "../wire/frame-writer.js";
import { decodeMethod, type MethodArguments, type MethodName } from "../wire/method-codec.js";
import type { Account } from "./authenticate.js";
import { asAmqpError, ChannelTable, closeArguments } from "./channel-table.js";
import type { DiskFloor } from "./disk-floor.js";
import { FramePump } from "./frame-pump.js";
import { Handshake, protocolHeader } from "./handshake.js";
import { Heartbeats } from "./heartbeats.js";
import { InputLimits, type PartialContent } from "./input-limits.js";
import { hasCapability, offered } from "./tuning.js";

const handshakeTimeoutMs = 10_000;
/** After our last word: for a client that does not close its side. */
const lingerMs = 1000;
/** Answers that a client does not read; beyond it nothing more is read from it. */
const outputLimitBytes = 1024 * 1024;

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly topology: Topology;
  readonly account: Account;
  readonly disk: DiskFloor;
  readonly partialContent: PartialContent;
  /** Everything of the connection has been cleaned up. */
  onClosed(connection: Connection): void;
}

/** One client: its handshake, its channels, its limits. */
export class Connection implements ChannelHost {
  readonly topology: Topology;
  readonly user: string;
  readonly identity = this;
  readonly #socket: Socket;
  readonly #pump: FramePump;
  readonly #input: InputLimits;
  readonly #channels: ChannelTable;
  readonly #handshakeTimer: NodeJS.Timeout;
  #phase: "header" | "handshake" | "open" | "closing" | "closed" = "header";
  #handshake: Handshake;
  #heartbeats: Heartbeats | undefined;
  #blocked = false;
  #corked = false;
  #cleanup: Promise<void> | undefined;

  constructor(options: ConnectionOptions) {
    const { socket } = options;
    this.#socket = socket;
    this.topology = options.topology;
    this.user = options.account.user;
    this.#handshake = new Handshake(
      options.account,
      (frame) => this.send(frame),
      () => this.topology.log("warn", "amqp: refused a login with another user or password"),
    );
    this.#channels = new ChannelTable({
      host: this,
      channelMax: () => this.#handshake.tuning.channelMax,
      onPublish: () => {
        if (options.disk.isLow) this.#block();
      },
      onError: (thrown, method) => this.#fail(thrown, method),
    });
    this.#handshakeTimer = setTimeout(() => socket.destroy(), handshakeTimeoutMs).unref();
    this.#pump = new FramePump({
      socket,
      frameMaxBytes: offered.frameMax,
      handle: (frame) => this.#receive(frame),
      onError: (error) => this.#fail(error),
    });
    this.#input = new InputLimits(this.#pump, options.partialContent);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("drain", () => this.#onDrain());
    socket.on("error", () => {});
    socket.on("close", () => {
      // What was read and not handled yet must open no channel any more.
      this.#phase = "closed";
      this.#pump.stop();
      void this.#cleanUp().finally(() => options.onClosed(this));
    });
  }

  get frameMaxBytes(): number {
    return this.#handshake.tuning.frameMax;
  }

  get notifiesCancel(): boolean {
    return hasCapability(this.#handshake.clientProperties, "consumer_cancel_notify");
  }

  get canDeliver(): boolean {
    return this.#socket.writable && !this.#socket.writableNeedDrain;
  }

  /** What is sent in one turn of the event loop leaves together. */
  send(frames: Buffer): void {
    if (this.#phase === "closed" || this.#socket.destroyed) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(frames);
    if (this.#heartbeats !== undefined) this.#heartbeats.sentSomething = true;
  }

  trackPublish(sizeBytes: number, outcome: Promise<PublishOutcome>): void {
    this.#input.trackPublish(sizeBytes, outcome);
  }

  countPartialContent(bytes: number): void {
    this.#input.countPartialContent(bytes);
  }

  /** The disk has room again, or has no more: then the connection is held at its next publish. */
  diskChanged(isLow: boolean): void {
    if (isLow || !this.#blocked) return;
    this.#blocked = false;
    this.#sendBlocked("connection.unblocked", {});
    this.#pump.release("disk");
  }

  /** The broker stops: says so and ends. Resolves when nothing of the connection is left. */
  async shutDown(): Promise<void> {
    if (this.#phase === "open") this.#closeWith(new AmqpError(320, "the broker stops"), undefined);
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#end();
    if (!this.#socket.closed) await closed;
    await this.#cleanUp();
  }

  #onData(chunk: Buffer): void {
    this.#heartbeats?.heard();
    if (this.#pump.stopped) return;
    this.#pump.reader.push(chunk);
    if (this.#phase === "header" && !this.#readHeader()) return;
    this.#pump.run();
  }

  #onDrain(): void {
    this.#pump.release("output");
    this.#channels.resumeConsumers();
  }

  #readHeader(): boolean {
    const header = this.#pump.reader.take(protocolHeader.length);
    if (header === undefined) return false;
    if (!header.equals(protocolHeader)) {
      this.#end(protocolHeader);
      return false;
    }
    this.#phase = "handshake";
    this.#handshake.start();
    return true;
  }

  #receive(frame: Frame): void | Promise<void> {
    if (this.#socket.writableLength > outputLimitBytes) this.#pump.hold("output");
    if (frame.type === frameTypes.heartbeat) {
      if (frame.channel !== 0) throw new AmqpError(501, "a heartbeat on a channel");
      return undefined;
    }
    if (frame.channel === 0) return this.#receiveOwn(frame);
    if (this.#phase === "closing") return undefined;
    if (this.#phase !== "open") throw new AmqpError(504, "a channel before the connection is open");
    return this.#channels.receive(frame);
  }

  /** Methods of the connection itself. */
  #receiveOwn(frame: Frame): void | Promise<void> {
    if (frame.type !== frameTypes.method) throw new AmqpError(505, "content on channel 0");
    const method = decodeMethod(frame.payload);
    if (method.name === "connection.close-ok") return this.#end();
    if (method.name === "connection.close" && this.#phase !== "header") return this.#closeAsAsked();
    if (this.#phase === "closing") return undefined;
    if (this.#phase === "open") {
      throw new AmqpError(method.name === "connection.update-secret" ? 540 : 503, method.name);
    }
    const step = this.#handshake.receive(method);
    if (step === "refused") setTimeout(() => this.#end(), lingerMs).unref();
    if (step === "refused") this.#pump.stop();
    if (step === "tuned") this.#tuned();
    if (step === "open") {
      clearTimeout(this.#handshakeTimer);
      this.#phase = "open";
    }
    return undefined;
  }

  #tuned(): void {
    const { frameMax, heartbeat: heartbeatSeconds } = this.#handshake.tuning;
    this.#pump.reader.limitBytes = frameMax;
    if (heartbeatSeconds === 0) return;
    this.#heartbeats = new Heartbeats({
      intervalMs: heartbeatSeconds * 1000,
      send: () => this.send(heartbeat()),
      onSilence: () => {
        if (this.#pump.held) this.#heartbeats?.heard();
        else this.#socket.destroy();
      },
    });
  }

  #block(): void {
    this.#pump.hold("disk");
    if (this.#blocked) return;
    this.#blocked = true;
    this.#sendBlocked("connection.blocked", { reason: "low on disk" });
  }

  #sendBlocked<Name extends "connection.blocked" | "connection.unblocked">(
    name: Name,
    values: Partial<MethodArguments<Name>>,
  ): void {
    if (hasCapability(this.#handshake.clientProperties, "connection.blocked")) {
      this.send(methodFrame(0, name, values));
    }
  }

  /** What nobody foresaw ends the connection that it came from, and only that. */
  #fail(thrown: unknown, method?: MethodName): void {
    const known = asAmqpError(thrown);
    if (known === undefined) {
      const detail = thrown instanceof Error ? thrown.stack : String(thrown);
      this.topology.log("error", `amqp: unexpected error: ${detail}`);
    }
    this.#closeWith(known ?? new AmqpError(541, "an unexpected error, see the log"), method);
  }

  #closeWith(error: AmqpError, method: MethodName | undefined): void {
    if (this.#phase === "closing" || this.#phase === "closed") return;
    this.send(methodFrame(0, "connection.close", closeArguments(error, method)));
    this.#phase = "closing";
    // A reader that met a broken frame cannot go on: then there is no close-ok to wait for.
    if (error.code === 501) this.#end();
    else setTimeout(() => this.#end(), lingerMs).unref();
    void this.#cleanUp();
  }

  async #closeAsAsked(): Promise<void> {
    await this.#cleanUp();
    this.send(methodFrame(0, "connection.close-ok", {}));
    this.#end();
  }

  /** Ends our side and waits a moment for theirs, reading and dropping what still comes. */
  #end(last?: Buffer): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#pump.stop();
    if (last !== undefined && !this.#socket.destroyed) this.#socket.write(last);
    // After what this turn of the event loop still sends.
    process.nextTick(() => this.#socket.end());
    setTimeout(() => this.#socket.destroy(), lingerMs).unref();
  }

  /** Once: requeues, cancels, and deletes exclusive queues. */
  #cleanUp(): Promise<void> {
    this.#cleanup ??= this.#closeChannels().catch((error: unknown) => {
      this.topology.log("error", `amqp: after a connection's end: ${error}`);
    });
    return this.#cleanup;
  }

  async #closeChannels(): Promise<void> {
    clearTimeout(this.#handshakeTimer);
    this.#heartbeats?.stop();
    await this.#channels.close();
    this.#input.close();
    // A declare that is under way may still add one, and all declares run one after the other.
    await this.topology.change(async () => {});
    const owned = [...this.topology.queues.values()].filter(({ owner }) => owner === this);
    await Promise.all(owned.map((queue) => this.topology.deleteQueue(queue)));
  }
}
