import type { Frame } from "./frames.js";
import { detach, type MemoryBudget, type MessageCache } from "./message-cache.js";
import { MessageMemory } from "./message-memory.js";
import { MessageNotes } from "./message-notes.js";
import type { Message } from "./queue.js";
import {
  decodeGone,
  decodeMessage,
  decodeMessageFields,
  decodeStates,
  encodeMessage,
  type IdRange,
  recordType,
  type StateChange,
} from "./record.js";
import { type Location, type Segment, SegmentLog } from "./segment-log.js";
import { type Slot, SlotTable } from "./slot-table.js";

/** What the queues of a broker share. */
export interface Shared {
  readonly cache: MessageCache;
  readonly budget: MemoryBudget;
  readonly segmentBytes: number;
  dirty(log: SegmentLog): void;
  log(level: "info" | "warn" | "error", text: string): void;
}

export interface MessageStoreOptions {
  readonly shared: Shared;
  readonly folder: string;
  /** Of the queue, in the cache and in log lines. */
  readonly name: string;
}

const readAheadBytes = 256 * 1024;

/** The messages of one queue: where each is, in memory or in the file, and what became of it. */
export class MessageStore {
  readonly slots = new SlotTable();
  readonly #shared: Shared;
  readonly #name: string;
  readonly #memory: MessageMemory;
  readonly #notes = new MessageNotes((records) => this.#appendNotes(records));
  readonly #log: SegmentLog;
  #nextId = 1;
  #pendingCount = 0;
  #lastAppend: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor({ shared, name, folder }: MessageStoreOptions) {
    this.#shared = shared;
    this.#name = name;
    this.#memory = new MessageMemory(name, shared);
    this.#log = new SegmentLog({ ...shared, folder });
  }

  /** Messages that were with a consumer when the process ended are "unacked". @throws Error code DATA_DAMAGED */
  static async open(options: MessageStoreOptions): Promise<MessageStore> {
    const store = new MessageStore(options);
    await store.#log.recover((frame, segment) => store.#replay(frame, segment));
    return store;
  }

  /** Messages on their way into the file. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** Resolves with the message's number once it is kept and ready; undefined when the disk refuses. */
  async add(message: Message, { persistent, expiresAt }: { persistent: boolean; expiresAt: number }) {
    const id = this.#nextId++;
    const slot: Slot = {
      state: "ready",
      segment: 0,
      position: 0,
      recordBytes: 0,
      bodyBytes: message.body.length,
      expiresAt,
      deliveryCount: 0,
      redelivered: false,
      transient: !persistent,
    };
    if (!persistent && this.#memory.keep(id, message)) {
      if (this.#pendingCount > 0) await this.#lastAppend;
      this.slots.put(id, slot);
      return id;
    }
    this.#pendingCount += 1;
    try {
      const appended = this.#append(id, slot, message);
      this.#lastAppend = appended.catch(() => {});
      await appended;
      return id;
    } catch (error) {
      this.#report("error", "a message could not be stored", error);
      return undefined;
    } finally {
      this.#pendingCount -= 1;
    }
  }

  /** The message, when it is in memory. */
  peek(id: number): Message | undefined {
    return this.#memory.peek(id);
  }

  /** The message, from its file if need be; undefined once it is gone. @throws Error code DATA_DAMAGED */
  async load(id: number): Promise<Message | undefined> {
    for (;;) {
      const slot = this.slots.get(id);
      const known = this.peek(id);
      if (!slot || known) return slot && known;
      try {
        return await this.#read(slot);
      } catch (error) {
        // Moved forward and its old segment dropped, or gone, while it was being read.
        if (this.slots.get(id)?.segment === slot.segment) throw error;
      }
    }
  }

  remove(ids: Iterable<number>): void {
    for (const id of ids) {
      const slot = this.slots.get(id);
      if (!slot) continue;
      this.#log.countLive(slot, -1);
      this.#memory.release(id);
      this.slots.delete(id);
      if (!slot.transient) this.#notes.addGone(id);
    }
    this.#notes.writeSoon();
  }

  /** With a consumer now. */
  takeOut(id: number): Slot | undefined {
    return this.#change(id, id, { state: "unacked" });
  }

  /** Neither waiting nor with a consumer: on its way out. */
  setAside(id: number): void {
    const slot = this.slots.get(id);
    if (slot) this.slots.put(id, { ...slot, state: "aside" });
  }

  /** Ready again. */
  putBack(id: number, { deliveryCount, atBack }: { deliveryCount: number; atBack: boolean }): void {
    this.#change(id, atBack ? this.#nextId++ : id, { state: "ready", redelivered: true, deliveryCount });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#notes.writeNow();
    this.#memory.close();
    await this.#log.close();
  }

  async destroy(): Promise<void> {
    this.#closed = true;
    for (const id of this.slots.ids()) this.#memory.release(id);
    await this.#log.destroy();
  }

  async #append(id: number, slot: Slot, message: Message): Promise<void> {
    const chunks = encodeSlot(id, slot, message);
    const recordBytes = chunks.reduce((total, chunk) => total + chunk.length, 0);
    const location = await this.#log.append(chunks);
    this.#memory.cache(id, message);
    this.#settle(id, { ...slot, ...location, recordBytes });
  }

  /** The slot, in place of what was known of the message. */
  #settle(id: number, slot: Slot): void {
    const before = this.slots.get(id);
    if (before) this.#log.countLive(before, -1);
    this.slots.put(id, slot);
    this.#log.countLive(slot, 1);
  }

  #change(id: number, newId: number, to: Partial<Slot>): Slot | undefined {
    const slot = this.slots.get(id);
    if (!slot) return undefined;
    const next = { ...slot, ...to };
    if (newId !== id) {
      this.slots.delete(id);
      this.#memory.rename(id, newId);
    }
    this.slots.put(newId, next);
    if (!slot.transient) this.#notes.addChange({ ...next, id, newId, out: next.state === "unacked" });
    return next;
  }

  #appendNotes(records: readonly Buffer[][]): void {
    for (const record of records) {
      // What is not noted is delivered once more after a restart, which is all that can be done about it.
      this.#log.append(record).catch((error) => {
        if (!this.#closed) this.#report("warn", "an acknowledgement was not stored", error);
      });
    }
    this.#tidy();
  }

  async #read(slot: Slot): Promise<Message> {
    const buffer = await this.#log.read(slot, Math.max(slot.recordBytes, readAheadBytes));
    const first = this.#log.parse(buffer, 0, slot);
    for (let at = first.sizeBytes; at < buffer.length; ) {
      const frame = this.#log.tryParse(buffer, at, slot);
      if (!frame) break;
      this.#readAhead(frame, { segment: slot.segment, position: slot.position + at });
      at += frame.sizeBytes;
    }
    return detach(decodeMessage(first.payload));
  }

  #readAhead({ payload }: Frame, { segment, position }: Location): void {
    if (payload[0] !== recordType.message) return;
    const { id } = decodeMessageFields(payload);
    const slot = this.slots.get(id);
    if (slot?.segment !== segment || slot.position !== position || slot.state !== "ready") return;
    if (!this.peek(id)) this.#memory.cache(id, decodeMessage(payload));
  }

  #replay({ position, sizeBytes, payload }: Frame, segment: Segment): void {
    if (payload[0] === recordType.message)
      this.#replayMessage(payload, { segment: segment.number, position, recordBytes: sizeBytes });
    else if (payload[0] === recordType.gone) for (const range of decodeGone(payload)) this.#replayGone(range);
    else for (const change of decodeStates(payload)) this.#replayChange(change);
  }

  #replayMessage(payload: Buffer, place: Location & { recordBytes: number }): void {
    const fields = decodeMessageFields(payload);
    if (fields.transient) return;
    this.#nextId = Math.max(this.#nextId, fields.id + 1);
    // Spelt out: a spread takes most of the time of a start with a million messages.
    this.#settle(fields.id, {
      state: fields.out ? "unacked" : "ready",
      segment: place.segment,
      position: place.position,
      recordBytes: place.recordBytes,
      bodyBytes: fields.bodyBytes,
      expiresAt: fields.timeMs,
      deliveryCount: fields.deliveryCount,
      redelivered: fields.redelivered,
      transient: false,
    });
  }

  #replayGone([from, to]: IdRange): void {
    this.#nextId = Math.max(this.#nextId, to);
    for (let id = from; id < to; id += 1) {
      const slot = this.slots.get(id);
      if (slot) this.#log.countLive(slot, -1);
      this.slots.delete(id);
    }
  }

  #replayChange({ id, newId, out, ...fields }: StateChange): void {
    this.#nextId = Math.max(this.#nextId, newId + 1);
    const slot = this.slots.get(id);
    if (!slot) return;
    this.#log.countLive(slot, -1);
    this.slots.delete(id);
    this.#settle(newId, { ...slot, ...fields, state: out ? "unacked" : "ready" });
  }

  /** Drops what nobody needs of the files, oldest first: what is noted as gone must outlive the message itself. */
  #tidy(): void {
    const tidied = this.#log.dropUnneeded((oldest) => this.#moveForward(oldest));
    tidied.catch((error) => this.#closed || this.#report("warn", "could not tidy its files", error));
  }

  async #moveForward({ number }: Segment): Promise<void> {
    const ids = [...this.slots.ids()].filter((id) => this.slots.get(id)?.segment === number);
    for (const id of ids) {
      const message = await this.load(id);
      const slot = this.slots.get(id);
      if (!message || slot?.segment !== number) continue;
      // The file must know its present number before it is written under that.
      this.#notes.writeNow();
      await this.#copy(id, slot, message);
    }
  }

  async #copy(id: number, slot: Slot, message: Message): Promise<void> {
    const location = await this.#log.append(encodeSlot(id, slot, message));
    const now = this.slots.get(id);
    if (now) this.#settle(id, { ...now, ...location });
  }

  #report(level: "warn" | "error", what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#shared.log(level, `queue ${this.#name}: ${what}: ${reason}`);
  }
}

function encodeSlot(id: number, slot: Slot, message: Message): Buffer[] {
  return encodeMessage({ ...slot, id, timeMs: slot.expiresAt, out: slot.state === "unacked" }, message);
}
