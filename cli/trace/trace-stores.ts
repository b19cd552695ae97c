import { existsSync } from "node:fs";
import { openDocuments } from "../../kit/documents/documents.js";
import { isOutage } from "../../kit/outage.js";
import { whileBusy } from "../../kit/sql/while-busy.js";
import { within } from "../../kit/within.js";
import { parseMark } from "../seed/load/mark.js";
import type { SeedStore } from "../seed/stores.js";
import { openSqlReader, type SqlReader } from "../seed/verify/sql-reader.js";
import { renderSelect, type SqlSource } from "../seed/verify/sql-source.js";
import type { SqlPart } from "../seed/world/parts.js";
import type { Facts, Known, ReportFacts } from "./facts.js";
import * as rows from "./trace-sources.js";

/** What the databases know of an order. */
export type StoreFacts = Pick<
  Facts,
  "order" | "recorded" | "entries" | "commands" | "results" | "report" | "answer"
> & {
  /** The order's row is older than the data set in its store. */
  readonly beforeSeed: boolean;
};

/** So long a store has for one question, connecting included. */
const storeLimitMs = 1_000;
/** One that did not answer is not asked again at once: each question would wait as long. */
const restMs = 2_000;
/** Of orders that begin or end alike, so many are listed. */
const candidates = 8;

/** The stores of a project, read and never written. Each is opened once, when it is first asked. */
export class TraceStores {
  readonly #stores: ReadonlyMap<string, SeedStore>;
  readonly #readers = new Map<SqlPart, Promise<SqlReader>>();
  readonly #silent = new Map<string, { readonly unknown: string; readonly untilMs: number }>();

  constructor(stores: readonly SeedStore[]) {
    this.#stores = new Map(stores.map((store) => [store.part, store]));
  }

  /** The store's service in the compose file, by what it holds. */
  nameOf(part: string): string {
    return this.#stores.get(part)?.store ?? part;
  }

  /** Whole ids that are this text, or begin or end with it: by the first database that knows any. */
  async findIds(text: string): Promise<Known<readonly string[]>> {
    const pattern = text.replaceAll(/[!%_]/g, "!$&");
    const columns = { orderId: "order_id" };
    const likes = ["order_id like ? escape '!' or order_id like ? escape '!'"];
    const values = [`${pattern}%`, `%${pattern}`];
    const failures: string[] = [];
    for (const part of ["order", "exchange"] as const) {
      const source: SqlSource<{ readonly orderId: string }> = {
        ...{ part, from: "orders", key: ["order_id"], columns },
      };
      const found = await this.#ask(part, () => this.#query(source, likes, values));
      if ("unknown" in found) failures.push(found.unknown);
      else if (found.value.length > 0) {
        const ids = found.value.map(({ orderId }) => orderId);
        return { value: ids.includes(text) ? [text] : ids.slice(0, candidates) };
      }
    }
    return failures.length > 0 ? { unknown: failures.join(", ") } : { value: [] };
  }

  async read(orderId: string): Promise<StoreFacts> {
    await this.#lookAgain();
    const of = <Row>(source: SqlSource<Row>) =>
      this.#ask(source.part, () => this.#query(source, ["order_id = ?"], [orderId]));
    const [found, recorded, entries, commands, results, report] = await Promise.all([
      of(rows.orderRow),
      of(rows.recordedRows),
      of(rows.entryRows),
      of(rows.commandRows),
      of(rows.resultRows),
      this.#ask("report", () => readReport(this.#stores.get("report"), orderId)),
    ]);
    const facts = { recorded, entries, commands, results, report };
    const [row] = "value" in found ? found.value : [];
    if (row === undefined) {
      const order = "value" in found ? { value: undefined } : found;
      return { ...facts, order, beforeSeed: false };
    }
    const order = rows.toOrderFacts(row);
    const [answer, asOfMs] = await this.#readSurroundings(orderId, order.userId);
    return {
      ...{ ...facts, order: { value: order } },
      ...(answer === undefined ? {} : { answer }),
      beforeSeed: asOfMs !== undefined && order.createdMs <= asOfMs,
    };
  }

  /** When the oldest row about the order was written that is still to be published. */
  async findWaiting(part: SqlPart, channel: string, orderId: string): Promise<number | undefined> {
    const source: SqlSource<rows.OutboxFacts> = { ...rows.waitingRows, part };
    const conditions = ["channel = ?", "payload like ?"];
    const found = await this.#ask(part, () => this.#query(source, conditions, [channel, `%${orderId}%`]));
    return "value" in found ? found.value[0]?.createdMs : undefined;
  }

  async close(): Promise<void> {
    const readers = [...this.#readers.values()];
    await Promise.allSettled(
      readers.map((opening) =>
        within(
          opening.then((reader) => reader.close()),
          storeLimitMs,
        ),
      ),
    );
  }

  /** What the POST was answered with, and the time of the data set that is there. */
  async #readSurroundings(
    orderId: string,
    userId: string,
  ): Promise<[number | undefined, number | undefined]> {
    const answers: SqlSource<{ readonly status: number | null }> = {
      ...{ part: "order", from: "idempotency_keys", key: ["idempotency_key"], columns: { status: "" } },
    };
    const marks: SqlSource<{ readonly mark: string }> = {
      ...{ part: "order", from: "mybroker_seed", key: ["part"], columns: { mark: "" } },
    };
    const mine = ["user_id = ?", "reference = ?"];
    const answer = await this.#ask("order", () => this.#query(answers, mine, [userId, orderId]));
    // Last: where nothing was seeded there is no such table.
    const mark = await this.#ask("order", () => this.#query(marks, ["part = ?"], ["order"]));
    return [
      ("value" in answer ? answer.value[0]?.status : undefined) ?? undefined,
      "value" in mark ? parseMark(mark.value[0]?.mark)?.asOfMs : undefined,
    ];
  }

  async #query<Row>(
    source: SqlSource<Row>,
    conditions: readonly string[],
    values: readonly string[],
  ): Promise<Row[]> {
    return whileBusy(async () => {
      const reader = await this.#open(source.part);
      const text = `${renderSelect(source, reader.kind, conditions)} limit 1000`;
      return (await reader.query(aliasExactly(text, reader.kind), values)) as Row[];
    });
  }

  #open(part: SqlPart): Promise<SqlReader> {
    const known = this.#readers.get(part);
    if (known !== undefined) return known;
    const opening = openPresent(this.#stores.get(part));
    this.#readers.set(part, opening);
    // Next time it may answer.
    opening.catch(() => this.#readers.delete(part));
    return opening;
  }

  async #lookAgain(): Promise<void> {
    const again = [...this.#readers].map(async ([part, opening]) => {
      const look = opening.then((reader) => reader.lookAgain());
      await within(look, storeLimitMs).catch(() => this.#readers.delete(part));
    });
    await Promise.all(again);
  }

  async #ask<Result>(part: string, work: () => Promise<Result>): Promise<Known<Result>> {
    const silent = this.#silent.get(part);
    if (silent !== undefined && performance.now() < silent.untilMs) return { unknown: silent.unknown };
    try {
      return { value: await within(work(), storeLimitMs) };
    } catch (error) {
      const unknown = describeFailure(this.nameOf(part), error);
      if (isSilence(error)) this.#silent.set(part, { unknown, untilMs: performance.now() + restMs });
      return { unknown };
    }
  }
}

/** Postgres makes names small that are not quoted. */
function aliasExactly(text: string, kind: SqlReader["kind"]): string {
  return kind === "postgres" ? text.replaceAll(/ as ([a-z]+[A-Z]\w*)/g, ' as "$1"') : text;
}

async function openPresent(store: SeedStore | undefined): Promise<SqlReader> {
  if (store?.kind !== "sql") throw new Error("it is not declared");
  requireFile(store.settings);
  const reader = await openSqlReader(store.settings);
  await reader.lookAgain();
  return reader;
}

async function readReport(store: SeedStore | undefined, orderId: string): Promise<ReportFacts | undefined> {
  if (store?.kind !== "documents") throw new Error("it is not declared");
  const { settings } = store;
  requireFile(settings);
  const documents = await openDocuments(
    settings.kind === "mongodb" ? { ...settings, answerTimeoutMs: storeLimitMs } : settings,
  );
  try {
    const reports = await documents.collection<{ readonly status: string }>("order_reports", []);
    const kept = await reports.getKept(orderId);
    return kept === undefined ? undefined : { version: kept.version, status: kept.document.status };
  } finally {
    void documents.close().catch(() => {});
  }
}

/** A file is made where it is opened: one that is not there has nothing to say. */
function requireFile(settings: { readonly kind: string; readonly path?: string }): void {
  if (settings.kind === "sqlite" && !existsSync(settings.path ?? "")) throw new Error("it was never started");
}

function describeFailure(store: string, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return isOutage(error) || isSilence(error) ? `${store} does not answer` : `${store}: ${text}`;
}

/** What `within` says. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("no answer within");
}
