import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Database, type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";
import type { SqlKind } from "../../../kit/sql/dialect.js";
import { expectSoon } from "./sql-suite.js";
import { buildStoreProgram, type StoreProgram } from "./store-child.js";

/** What happens to a lock when its holder dies; `settings` is read once the server runs. */
export function describeKilledHolder(kind: SqlKind, settings: () => DatabaseSettings): void {
  let program: StoreProgram;
  let database: Database<object>;

  beforeAll(async () => {
    program = await buildStoreProgram();
    database = await openDatabase(settings());
  });
  afterAll(async () => {
    await database.close();
    program.remove();
  });

  describe(`${kind}: a lock held by another process`, () => {
    it("is refused to all others until the process is killed, then free", async () => {
      const holder = program.start({ task: "hold-lock", settings: settings() });
      expect(await holder.nextLine()).toBe("held");
      expect(await database.tryLock("relay")).toBeUndefined();
      const second = program.start({ task: "hold-lock", settings: settings() });
      expect(await second.nextLine()).toBe("refused");
      await Promise.all([holder.killHard(), second.killHard()]);
      const lock = await expectSoon(() => database.tryLock("relay"));
      expect(lock.lost.aborted).toBe(false);
      await lock.release();
    });
  });
}
