import { describe, expect, it } from "vitest";
import { openCache } from "../../../kit/cache/cache.js";
import { openDocuments } from "../../../kit/documents/documents.js";
import { openDatabase } from "../../../kit/sql/database.js";
import type { EngineStores } from "./engine-stores.js";

/** No call of a store takes longer than this, whatever its server does. */
const limitMs = 20_000;

/** Servers that accept and do not answer; `stores` is read once they run. */
export function describeFrozenServers(stores: () => EngineStores): void {
  describe("servers that stand still", () => {
    it("make every call fail in time, and serve again as soon as they go on", async () => {
      const { mysql, postgres, mongodb, redis } = stores();
      const ports = [
        await openDatabase(mysql),
        await openDatabase(postgres),
        await openDocuments({ kind: "mongodb", ...mongodb, database: "contract" }),
        await openCache({ kind: "redis", ...redis }),
      ];
      await Promise.all(ports.map((port) => port.ping()));
      await stores().pause();
      const start = performance.now();
      const results = await Promise.allSettled(ports.map((port) => port.ping()));
      expect(performance.now() - start).toBeLessThan(limitMs);
      await stores().unpause();
      expect(results.map(({ status }) => status)).toEqual(ports.map(() => "rejected"));
      for (const port of ports) {
        await expect.poll(() => port.ping().then(() => "answers"), { timeout: limitMs }).toBe("answers");
        await port.close();
      }
    });
  });
}
