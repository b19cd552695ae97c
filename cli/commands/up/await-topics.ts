import { setTimeout as sleep } from "node:timers/promises";

export interface TopicWait {
  /** Topics that Kafka does not have. */
  readonly find: () => Promise<string[]>;
  /** Services that make topics are among what runs. */
  readonly hasProducers: boolean;
  readonly pause?: (durationMs: number) => Promise<unknown>;
}

const intervalMs = 250;
/** A producer that met no Kafka tries again after 1 s; then come its connection and the topic. */
const attempts = 13;

/**
 * Topics that are missing for good, which is known after 3 s: producers make them at their start, which may have come
 * after Kafka was asked, or be going on.
 */
export async function awaitTopics({ find, hasProducers, pause = sleep }: TopicWait): Promise<string[]> {
  for (let attempt = 1; ; attempt += 1) {
    const missing = await find();
    if (missing.length === 0 || !hasProducers || attempt === attempts) return missing;
    await pause(intervalMs);
  }
}
