import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningBroker, startKafkaBroker } from "../start-kafka-broker.js";

export interface TestBroker extends RunningBroker {
  readonly dataFolder: string;
  /** Lines of the log, "warn kafka: ..." each. */
  readonly lines: readonly string[];
  /** Ends the broker and starts another one on its data; `lines` begins anew. */
  restart(): Promise<TestBroker>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

export async function startTestBroker(
  topics: readonly { name: string; partitions: number }[] = [],
): Promise<TestBroker> {
  return startOn(await mkdtemp(join(tmpdir(), "mybroker-kafka-")), topics);
}

async function startOn(
  dataFolder: string,
  topics: readonly { name: string; partitions: number }[],
): Promise<TestBroker> {
  const lines: string[] = [];
  const broker = await startKafkaBroker({
    host: "127.0.0.1",
    port: 0,
    dataFolder,
    topics,
    log: (level, text) => lines.push(`${level} ${text}`),
  });
  return {
    ...broker,
    dataFolder,
    lines,
    async restart() {
      await broker.close();
      return startOn(dataFolder, []);
    },
    async remove() {
      await broker.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}
