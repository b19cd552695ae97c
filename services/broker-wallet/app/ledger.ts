import type { Timestamp } from "../../../kit/sql/columns.js";
import { makeId } from "../../shared/make-id.js";
import { shareWork } from "../../shared/share-work.js";
import { type Command, type Done, execute } from "../domain/commands.js";
import { Refusal } from "../domain/refusal.js";
import type { NewEntry, WalletStore } from "./store.js";

export interface Instruction {
  readonly command: Command;
  /** Of the request or message that it comes from. */
  readonly traceparent: string;
  /** Of its first entry; default: a new one. */
  readonly transactionId?: string;
}

export interface Outcome extends Omit<Done, "entries"> {
  readonly entries: readonly NewEntry[];
}

/** All changes go through here, one transaction at a time: what waits meanwhile shares the next one. */
export interface Ledger {
  /** In their order, all in one transaction; a refused one changes nothing and the others go on. */
  runAll(instructions: readonly Instruction[]): Promise<(Outcome | Refusal)[]>;
  /** @throws Refusal */
  run(instruction: Instruction): Promise<Outcome>;
  /** Resolves when what was asked for is done. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  readonly store: Pick<WalletStore, "change">;
  readonly now: () => Timestamp;
  /** After each commit with entries. */
  readonly onCommit: () => void;
}

/** Instructions of one transaction: on SQLite it holds up the whole process for some 5 ms. */
export const batchLimit = 50;

export function openLedger(options: LedgerOptions): Ledger {
  const { run: runAll, close } = shareWork<readonly Instruction[], (Outcome | Refusal)[]>({
    limit: batchLimit,
    sizeOf: (instructions) => instructions.length,
    work: async (batches) => {
      const outcomes = await runInstructions(options, batches.flat());
      return batches.map(({ length }) => ({ value: outcomes.splice(0, length) }));
    },
  });
  return {
    runAll,
    run: async (instruction) => {
      const [outcome] = await runAll([instruction]);
      if (outcome === undefined || outcome instanceof Refusal) throw outcome;
      return outcome;
    },
    close,
  };
}

async function runInstructions(
  { store, now, onCommit }: LedgerOptions,
  instructions: readonly Instruction[],
) {
  let outcomes: (Outcome | Refusal)[] = [];
  let count = 0;
  const commands = instructions.map(({ command }) => command);
  await store.change(commands, (book) => {
    const createdAt = now();
    outcomes = instructions.map(({ command, traceparent, transactionId }) => {
      const done = execute(book, command);
      if (done instanceof Refusal) return done;
      const entries = done.entries.map((entry, index) => ({
        ...entry,
        transactionId: (index === 0 ? transactionId : undefined) ?? makeId(),
        createdAt,
        traceparent,
      }));
      return { ...done, entries };
    });
    const entries = outcomes.flatMap((outcome) => (outcome instanceof Refusal ? [] : outcome.entries));
    count = entries.length;
    return entries;
  });
  if (count > 0) onCommit();
  return outcomes;
}
