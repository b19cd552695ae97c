import type { Socket } from "node:net";
import { type Frame, FrameReader } from "../wire/frame-reader.js";

/** Why a socket is not read for now. */
type Hold = "busy" | "disk" | "publishes" | "output";

interface FramePumpOptions {
  readonly socket: Socket;
  readonly frameMaxBytes: number;
  /** The frames behind this one wait for the promise. */
  handle(frame: Frame): void | Promise<void>;
  onError(error: unknown): void;
}

/** Hands the frames of a socket over one by one; while anything holds it, the socket is not read. */
export class FramePump {
  readonly reader: FrameReader;
  readonly #options: FramePumpOptions;
  readonly #holds = new Set<Hold>();
  #running = false;
  #stopped = false;

  constructor(options: FramePumpOptions) {
    this.#options = options;
    this.reader = new FrameReader(options.frameMaxBytes);
  }

  get held(): boolean {
    return this.#holds.size > 0;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  hold(reason: Hold): void {
    this.#holds.add(reason);
    this.#options.socket.pause();
  }

  release(reason: Hold): void {
    if (!this.#holds.delete(reason) || this.held) return;
    if (!this.#running) this.run();
    if (!this.held) this.#options.socket.resume();
  }

  /** No frame is handled afterwards; the socket is read to its end. */
  stop(): void {
    this.#stopped = true;
    this.#holds.clear();
    this.#options.socket.resume();
  }

  /** Handles what is there. */
  run(): void {
    this.#running = true;
    try {
      while (!this.held && !this.#stopped) {
        const frame = this.reader.next();
        if (frame === undefined) break;
        const pending = this.#options.handle(frame);
        if (pending !== undefined) this.#waitFor(pending);
      }
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#running = false;
    }
  }

  #waitFor(pending: Promise<void>): void {
    this.hold("busy");
    void pending.catch((error: unknown) => this.#options.onError(error)).finally(() => this.release("busy"));
  }
}
