import { setTimeout as sleep } from "node:timers/promises";
import { apiVersions } from "./wire/apis.js";
import { openRaw } from "./wire/connection.js";

/** Resolves once a broker answers there: its port may take connections, and lose them, long before. */
export async function waitForBroker(broker: string): Promise<void> {
  for (const deadline = performance.now() + 120_000; ; await sleep(100)) {
    try {
      const raw = await openRaw(broker);
      await raw.ask(apiVersions, {}).finally(() => raw.close());
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}
