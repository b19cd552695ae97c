import { setImmediate } from "node:timers/promises";
import { isOutage } from "../../../kit/outage.js";
import type { Timestamp } from "../../../kit/sql/columns.js";
import { makeId } from "../../shared/make-id.js";
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

interface Job {
  readonly instructions: readonly Instruction[];
  resolve(outcomes: (Outcome | Refusal)[]): void;
  reject(error: unknown): void;
}

/** Instructions of one transaction: on SQLite it holds up the whole process for some 5 ms. */
export const batchLimit = 50;

export function openLedger(options: LedgerOptions): Ledger {
  const waiting: Job[] = [];
  let running: Promise<void> | undefined;

  const runAll: Ledger["runAll"] = (instructions) =>
    new Promise((resolve, reject) => {
      waiting.push({ instructions, resolve, reject });
      running ??= work();
    });

  async function work(): Promise<void> {
    do {
      // What comes within this turn of the event loop goes along: on SQLite nothing can come during a transaction.
      await setImmediate();
      await runJobs(options, takeBatch(waiting));
    } while (waiting.length > 0);
    running = undefined;
  }

  return {
    runAll,
    run: async (instruction) => {
      const [outcome] = await runAll([instruction]);
      if (outcome === undefined || outcome instanceof Refusal) throw outcome;
      return outcome;
    },
    close: async () => running,
  };
}

function takeBatch(waiting: Job[]): Job[] {
  let count = 0;
  const end = waiting.findIndex(({ instructions }) => {
    count += instructions.length;
    return count > batchLimit;
  });
  return waiting.splice(0, end === -1 ? waiting.length : Math.max(1, end));
}

async function runJobs(options: LedgerOptions, jobs: readonly Job[]): Promise<void> {
  try {
    const outcomes = await runInstructions(
      options,
      jobs.flatMap(({ instructions }) => instructions),
    );
    let from = 0;
    for (const { instructions, resolve } of jobs) {
      resolve(outcomes.slice(from, from + instructions.length));
      from += instructions.length;
    }
  } catch (error) {
    // What the database refuses of one must not fail its neighbours.
    if (jobs.length > 1 && !isOutage(error)) for (const job of jobs) await runJobs(options, [job]);
    else for (const { reject } of jobs) reject(error);
  }
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
