import type { Socket } from "node:net";
import { FrameBuffer } from "../protocol/frames.js";

export interface ConnectionOptions {
  readonly socket: Socket;
  /** Answers one message; undefined where the protocol has no answer. What it throws ends the connection. */
  readonly serve: (frame: Buffer, signal: AbortSignal) => Promise<readonly Buffer[] | undefined>;
  /** Called once, with what ended the connection if it was not the client. */
  readonly onClosed: (reason: unknown) => void;
  readonly idleTimeoutMs: number;
  /** Without a byte in the middle of a message. */
  readonly stallTimeoutMs: number;
}

/** Requests that a client may send ahead: beyond it the socket is not read until they are answered. */
const readAheadBytes = 256 * 1024;

/**
 * One client. As in Apache Kafka one request at a time is served, so that answers keep the order of the requests and a
 * client that pipelines or does not read can neither fill the memory with requests nor with answers.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #frames = new FrameBuffer();
  readonly #ended = new AbortController();
  #serving = false;
  /** Ended from here: nothing more is served. */
  #isClosed = false;
  #reason: unknown;
  #goOn = () => {};

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#socket.setNoDelay(true);
    this.#socket.setTimeout(options.idleTimeoutMs);
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.on("timeout", () => this.#giveUp());
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("drain", () => this.#goOn());
    this.#socket.on("close", () => {
      this.#goOn();
      this.#ended.abort();
      options.onClosed(this.#reason);
    });
  }

  /** Received and not served yet. */
  get bufferedBytes(): number {
    return this.#frames.sizeBytes;
  }

  /** Answered and not taken by the client yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  close(reason?: unknown): void {
    this.#reason ??= reason;
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#frames.push(chunk);
    if (this.#serving) {
      if (this.#frames.sizeBytes > readAheadBytes) this.#socket.pause();
      return;
    }
    this.#serving = true;
    this.#serveAll().catch((error: unknown) => this.close(error));
  }

  async #serveAll(): Promise<void> {
    for (let frame = this.#frames.take(); frame !== undefined; frame = this.#frames.take()) {
      const answer = await this.#options.serve(frame, this.#ended.signal);
      if (this.#isClosed) return;
      // What a client sent before it left is served as in Apache Kafka: a producer that awaits no answers counts on it.
      if (answer !== undefined && !this.#socket.destroyed) await this.#send(answer);
    }
    this.#serving = false;
    const { idleTimeoutMs, stallTimeoutMs } = this.#options;
    const timeoutMs = this.#frames.isInside ? stallTimeoutMs : idleTimeoutMs;
    if (this.#socket.timeout !== timeoutMs) this.#socket.setTimeout(timeoutMs);
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Resolves when the socket takes more, or has ended. */
  async #send(pieces: readonly Buffer[]): Promise<void> {
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
    if (!this.#socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
  }

  #giveUp(): void {
    // While a request is served it is not the client who is late, unless it does not take the answer.
    if (this.#socket.writableNeedDrain) this.close(new Error("the client does not take its answers"));
    else if (!this.#serving) {
      this.close(this.#frames.isInside ? new Error("stalled in the middle of a message") : undefined);
    }
  }
}
