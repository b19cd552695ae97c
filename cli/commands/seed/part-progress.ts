import type { Output, ProgressEvent } from "../../output/output.js";
import type { PartProgress } from "../../seed/run-seed.js";

const texts = {
  removing: () => "removing",
  loading: (rows) => `loading    ${rows} rows`,
  waiting: (rows) => `loading    ${rows} rows in, waits for the others`,
  done: (rows) => `done       ${rows} rows`,
} as const satisfies Readonly<Record<PartProgress["phase"], (rows: string) => string>>;

/** A row for each store's part; the bar is of the rows that `expected` says. */
export function createPartProgress(output: Output): (progress: PartProgress) => void {
  return ({ loader, phase, rows, expected }) => {
    const { store, part } = loader.store;
    const event: ProgressEvent = {
      id: `seed/${part}`,
      // Two parts share one store.
      label: loader.store.kind === "documents" ? `${part} documents` : store,
      status: phase === "done" ? "done" : "working",
      text: texts[phase](rows.toLocaleString("en")),
      ...(phase === "loading" && expected !== undefined ? { current: rows, total: expected } : {}),
    };
    output.progress(event);
  };
}
