import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfirmChannel } from "amqplib";
import { afterEach } from "vitest";
import type { RabbitBroker } from "../../../cli/streams/rabbit-broker.js";
import type { StartAt, StreamSource } from "../../../cli/streams/source.js";
import { type Collector, openInto } from "../../streams/collector.js";
import { eventually, type Lab } from "../amqp/lab.js";
import type { RabbitWorld } from "./rabbit-world.js";

/** A broker under test and what was opened on it, which is closed after each test. */
export interface Bench {
  readonly lab: Lab;
  readonly broker: RabbitBroker;
  readonly world: RabbitWorld;
  open(source: StreamSource, start: StartAt): ReturnType<typeof openInto>;
  /** Closed by hand. */
  close(source: StreamSource): Promise<void>;
  stateFolder(): Promise<string>;
}

export function createBench(world: () => RabbitWorld, lab: Lab): Bench {
  const sources = new Set<StreamSource>();
  const folders = new Set<string>();
  afterEach(async () => {
    await Promise.all([...sources].map((source) => source.close()));
    sources.clear();
    await Promise.all([...folders].map((folder) => rm(folder, { recursive: true })));
    folders.clear();
  });
  return {
    lab,
    get world() {
      return world();
    },
    get broker() {
      return world().broker;
    },
    open: (source, start) => {
      sources.add(source);
      return openInto(source, start);
    },
    close: (source) => source.close(),
    stateFolder: async () => {
      const folder = await mkdtemp(join(tmpdir(), "mybroker-state-"));
      folders.add(folder);
      return folder;
    },
  };
}

export function bodiesOf({ records }: Collector): string[] {
  return records.map(({ bytes }) => Buffer.from(bytes ?? []).toString());
}

export async function received(collector: Collector, count: number): Promise<string[]> {
  await eventually(
    () => collector.records.length,
    (length) => length >= count,
  );
  return bodiesOf(collector);
}

export async function caughtUp(collector: Collector): Promise<string[]> {
  await eventually(
    () => collector.pastCount,
    (count) => count !== undefined,
  );
  return bodiesOf(collector).slice(0, collector.pastCount);
}

/** Confirmed, in order, with the time at which it was published unless other headers are given. */
export async function publishAll(
  channel: ConfirmChannel,
  to: {
    readonly exchange?: string;
    readonly key: string;
    readonly headers?: Readonly<Record<string, unknown>>;
  },
  bodies: readonly (string | Buffer)[],
): Promise<void> {
  for (const body of bodies) {
    const headers = to.headers ?? { "x-published-at": Date.now() };
    channel.publish(to.exchange ?? "", to.key, Buffer.from(body as string), { headers });
  }
  await channel.waitForConfirms();
}

export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}
