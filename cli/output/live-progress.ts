import ora from "ora";
import type { ProgressEvent } from "./output.js";
import { formatRow, type ProgressDisplay } from "./progress.js";

/** Redrawing more often than this only costs the CPU that the servers start with. */
const redrawIntervalMs = 100;

/** A live area on a terminal: what works and waits, one row each, what is done scrolls away above it. */
export function createLiveProgress(stream: NodeJS.WriteStream, columns: number): ProgressDisplay {
  // Its own colour is none of ours, and knows nothing of NO_COLOR.
  const spinner = ora({ stream, discardStdin: false, hideCursor: true, color: false });
  const rows = new Map<string, ProgressEvent>();
  let drawnAtMs = 0;

  const draw = (force: boolean): void => {
    if (!force && Date.now() - drawnAtMs < redrawIntervalMs) return;
    drawnAtMs = Date.now();
    const open = [...rows.values()].filter((row) => row.status === "working" || row.status === "waiting");
    if (open.length === 0) {
      if (spinner.isSpinning) spinner.stop();
      return;
    }
    const visible = Math.max(3, (stream.rows ?? 24) - 4);
    const lines = open.slice(0, visible).map((row) => formatRow(row).slice(0, columns - 3));
    if (open.length > visible) lines.push(`  … ${open.length - visible} more`);
    spinner.text = `${open.length} to go\n${lines.join("\n")}`;
    if (!spinner.isSpinning) spinner.start();
  };

  const display: ProgressDisplay = {
    update(event) {
      const before = rows.get(event.id);
      rows.set(event.id, event);
      const finished = event.status !== "working" && event.status !== "waiting";
      if (finished && before?.status !== event.status) {
        // It stays, with an address that somebody may want to copy: whole, however narrow the terminal.
        display.interrupt(() => stream.write(`${formatRow(event)}\n`));
      }
      draw(before?.status !== event.status);
    },
    interrupt(write) {
      const wasSpinning = spinner.isSpinning;
      if (wasSpinning) spinner.stop();
      write();
      if (wasSpinning) spinner.start();
    },
    done() {
      // Stopping what never began would still write the codes that show the cursor.
      if (spinner.isSpinning) spinner.stop();
      rows.clear();
    },
  };
  return display;
}
