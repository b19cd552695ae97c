import type { BulkSession, BulkValue } from "./bulk.js";
import type { Gatherer } from "./gather.js";

/** What a connection does by itself. */
interface Statements {
  begin(): Promise<unknown>;
  commit(): Promise<unknown>;
  rollback(): Promise<unknown>;
  execute(statement: string, values?: readonly BulkValue[]): Promise<number>;
  // biome-ignore lint/suspicious/noExplicitAny: what the rows are is known to who asks
  query(statement: string, values?: readonly BulkValue[]): Promise<any[]>;
  /** A transaction is one of writing: who only reads needs none. */
  readonly readsWithout?: boolean;
}

/** Begins at the first call, and sends what is gathered before anything else is done. */
export function createTransaction(
  gatherer: Gatherer,
  { begin, commit, rollback, execute, query, readsWithout = false }: Statements,
): Omit<BulkSession, "kind" | "method" | "close"> {
  let open = false;
  const inside = async (): Promise<void> => {
    if (!open) await begin();
    open = true;
    await gatherer.flush();
  };
  return {
    async load(table, rows) {
      if (!open) await inside();
      await gatherer.add(table, rows);
    },
    flush: inside,
    async execute(statement, values) {
      await inside();
      return execute(statement, values);
    },
    async query(statement, values) {
      if (open || !readsWithout) await inside();
      return query(statement, values);
    },
    async commit() {
      await inside();
      await commit();
      open = false;
    },
    async rollback() {
      await gatherer.clear();
      // On a broken connection the server has undone it.
      if (open) await rollback().catch(() => {});
      open = false;
    },
  };
}
