import type { Kysely } from "kysely";
import { type LinkContext, pause, toReason } from "../messaging/messages.js";
import type { OutboxRow, OutboxSchema } from "./outbox.js";
import type { Publish } from "./publishers.js";

export interface LaneSettings {
  readonly channel: OutboxRow["channel"];
  readonly publish: Publish;
  /** How long rows may gather after others were published. */
  readonly lingerMs: number;
  /** After a failure. */
  readonly retryMs: number;
  readonly db: Kysely<OutboxSchema>;
  readonly log: LinkContext["log"];
}

const pollMs = 1_000;
const batchSize = 500;

/** One channel's way out of the outbox: what holds up one channel leaves the other alone. */
export class Lane {
  readonly #settings: LaneSettings;
  #isWoken = false;
  #endWait = () => {};
  #isHeldUp = false;
  /** ms since 1970, of the oldest row after the last run. */
  oldestAt: number | undefined;

  constructor(settings: LaneSettings) {
    this.#settings = settings;
  }

  wake(): void {
    this.#isWoken = true;
    this.#endWait();
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#isWoken = false;
      const published = await this.#runOnce().catch((error: unknown) => {
        this.#tell(error);
        return undefined;
      });
      if (published === undefined) await pause(this.#settings.retryMs, stop);
      else if (published > 0 && this.#settings.lingerMs > 0) await pause(this.#settings.lingerMs, stop);
      // Who committed during the run has woken it.
      const isMore = published === undefined || published === batchSize || this.#isWoken;
      if (!isMore && !stop.aborted) await this.#wait(stop);
    }
  }

  /** Returns how many rows it published. */
  async #runOnce(): Promise<number> {
    const { db, channel, publish } = this.#settings;
    // Never by a cursor: a row with a lower id may be committed later.
    const rows = await db
      .selectFrom("outbox")
      .selectAll()
      .where("channel", "=", channel)
      .orderBy("id")
      .limit(batchSize)
      .execute();
    this.oldestAt = rows[0] === undefined ? undefined : Number(rows[0].created_at);
    if (rows.length === 0) return 0;
    const published = await publish(rows);
    if (published.rows.length > 0) {
      const ids = published.rows.map(({ id }) => id);
      await db.deleteFrom("outbox").where("id", "in", ids).execute();
    }
    if (published.rows.length < rows.length) throw published.error;
    this.oldestAt = undefined;
    if (this.#isHeldUp) this.#settings.log.info({ channel }, "the outbox is published again");
    this.#isHeldUp = false;
    return rows.length;
  }

  #tell(error: unknown): void {
    const { channel, log } = this.#settings;
    if (!this.#isHeldUp) log.warn({ channel, reason: toReason(error) }, "the outbox is held up");
    this.#isHeldUp = true;
  }

  /** For a wake, or the poll. */
  #wait(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stop.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, pollMs).unref();
      stop.addEventListener("abort", end);
      this.#endWait = end;
    });
  }
}
