/** What is kept in memory of each message. */
export interface Slot {
  state: SlotState;
  /** 0: the message is in memory only. */
  segment: number;
  position: number;
  recordBytes: number;
  bodyBytes: number;
  /** Milliseconds since 1970, 0 for never. */
  expiresAt: number;
  deliveryCount: number;
  redelivered: boolean;
  /** In the file and forgotten at the next start. */
  transient: boolean;
}

/** Aside: on its way to the dead letter exchange. */
export type SlotState = "ready" | "unacked" | "aside";

interface Block {
  readonly words: Uint32Array;
  readonly times: Float64Array;
  ready: number;
  live: number;
}

const blockSlots = 256;
const slotWords = 5;
const absent = 0;
const states: readonly (SlotState | undefined)[] = [undefined, "ready", "unacked", "aside"];
const readyState = states.indexOf("ready");

/** Messages by number, 28 bytes each: objects would take ten times as much for a queue of a million. */
export class SlotTable {
  readonly #blocks = new Map<number, Block>();
  readonly #counts = { ready: 0, unacked: 0, aside: 0 };
  /** No ready message is before it. */
  #head = 0;
  #end = 0;
  #readyBytes = 0;

  get readyCount(): number {
    return this.#counts.ready;
  }

  get unackedCount(): number {
    return this.#counts.unacked;
  }

  /** Bodies of the ready messages. */
  get readyBytes(): number {
    return this.#readyBytes;
  }

  get(id: number): Slot | undefined {
    const block = this.#blocks.get(Math.floor(id / blockSlots));
    if (!block) return undefined;
    const index = id % blockSlots;
    const at = index * slotWords;
    const word = block.words[at + 4] ?? 0;
    const state = states[word & 3];
    if (!state) return undefined;
    return {
      state,
      segment: block.words[at] ?? 0,
      position: block.words[at + 1] ?? 0,
      recordBytes: block.words[at + 2] ?? 0,
      bodyBytes: block.words[at + 3] ?? 0,
      expiresAt: block.times[index] ?? 0,
      deliveryCount: word >>> 16,
      redelivered: (word & 4) !== 0,
      transient: (word & 8) !== 0,
    };
  }

  put(id: number, slot: Slot): void {
    this.delete(id);
    const block = this.#blockOf(id);
    const index = id % blockSlots;
    const flags = (slot.redelivered ? 4 : 0) | (slot.transient ? 8 : 0);
    const word = (Math.min(slot.deliveryCount, 0xffff) << 16) | flags | states.indexOf(slot.state);
    const at = index * slotWords;
    block.words[at] = slot.segment;
    block.words[at + 1] = slot.position;
    block.words[at + 2] = slot.recordBytes;
    block.words[at + 3] = slot.bodyBytes;
    block.words[at + 4] = word;
    block.times[index] = slot.expiresAt;
    block.live += 1;
    this.#counts[slot.state] += 1;
    this.#end = Math.max(this.#end, id + 1);
    if (slot.state !== "ready") return;
    block.ready += 1;
    this.#readyBytes += slot.bodyBytes;
    this.#head = Math.min(this.#head, id);
  }

  delete(id: number): void {
    const slot = this.get(id);
    const block = this.#blocks.get(Math.floor(id / blockSlots));
    if (!slot || !block) return;
    this.#counts[slot.state] -= 1;
    if (slot.state === "ready") {
      block.ready -= 1;
      this.#readyBytes -= slot.bodyBytes;
    }
    block.words[(id % blockSlots) * slotWords + 4] = absent;
    block.live -= 1;
    if (block.live === 0) this.#blocks.delete(Math.floor(id / blockSlots));
  }

  firstReady(): number | undefined {
    if (this.#counts.ready === 0) {
      this.#head = this.#end;
      return undefined;
    }
    let id = this.#head;
    for (;;) {
      const block = this.#blocks.get(Math.floor(id / blockSlots));
      if (!block || block.ready === 0) id = (Math.floor(id / blockSlots) + 1) * blockSlots;
      else if (((block.words[(id % blockSlots) * slotWords + 4] ?? 0) & 3) === readyState) break;
      else id += 1;
    }
    this.#head = id;
    return id;
  }

  /** In no order; of one state or of all. */
  *ids(state?: SlotState): Generator<number> {
    for (const [number, block] of this.#blocks) {
      for (let index = 0; index < blockSlots; index += 1) {
        const found = states[(block.words[index * slotWords + 4] ?? 0) & 3];
        if (found && (!state || found === state)) yield number * blockSlots + index;
      }
    }
  }

  #blockOf(id: number): Block {
    const number = Math.floor(id / blockSlots);
    const known = this.#blocks.get(number);
    if (known) return known;
    const bytes = new ArrayBuffer(blockSlots * (8 + slotWords * 4));
    const block = {
      times: new Float64Array(bytes, 0, blockSlots),
      words: new Uint32Array(bytes, blockSlots * 8),
      ready: 0,
      live: 0,
    };
    this.#blocks.set(number, block);
    return block;
  }
}
