import { join } from "node:path";
import { createInterface } from "node:readline";
import { readContext } from "../kernel/read-context.js";
import { type Restoration, restoreService } from "./restoration.js";

// It outlives the terminal and what its keys end.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, () => {});

let restoration: Restoration | null = null;
for await (const line of createInterface({ input: process.stdin })) {
  try {
    restoration = JSON.parse(line) as Restoration | null;
  } catch {
    // Cut off by a kill in the middle of it: the one before holds.
  }
}
if (restoration !== null) {
  const context = readContext(join(import.meta.dirname, ".."), new AbortController().signal);
  await restoreService(restoration, context);
}
