import type { ProgressEvent } from "./output.js";

/** Shows what is going on, on stderr. */
export interface ProgressDisplay {
  update(event: ProgressEvent): void;
  /** Lines that must not be mixed into a live area are written through this. */
  interrupt(write: () => void): void;
  done(): void;
}

/** Longer silence than this looks like a hang. */
const longestSilenceMs = 5_000;

/** A line per change of phase; what merely counts on (seconds, bytes) is shown only to break a silence. */
export function createPlainProgress(write: (line: string) => void, now: () => number): ProgressDisplay {
  const lastPhase = new Map<string, string>();
  let writtenMs = now();
  return {
    update(event) {
      // Two spaces divide the phase from its details.
      const phase = `${event.status} ${event.text.split("  ")[0]?.replace(/\d+(\.\d+)?/g, "#")}`;
      if (lastPhase.get(event.id) === phase && now() - writtenMs < longestSilenceMs) return;
      lastPhase.set(event.id, phase);
      writtenMs = now();
      write(formatRow(event));
    },
    interrupt: (writeLines) => writeLines(),
    done() {},
  };
}

/** One JSON object a line, for programs that follow along (--progress json). */
export function createJsonProgress(write: (line: string) => void): ProgressDisplay {
  return {
    update: (event) => write(JSON.stringify({ schema: "mybroker/progress@1", ...event })),
    interrupt: (writeLines) => writeLines(),
    done() {},
  };
}

/** A note, warning or debugging line where stderr is read by a program. */
export function formatJsonNote(level: "note" | "warning" | "debug", text: string): string {
  return JSON.stringify({ schema: "mybroker/note@1", level, text });
}

export const quietProgress: ProgressDisplay = {
  update() {},
  interrupt: (writeLines) => writeLines(),
  done() {},
};

/** "  kafka                  ready      4.2 s   127.0.0.1:9092" */
export function formatRow(event: ProgressEvent, barWidth = 20): string {
  const bar =
    event.total !== undefined && event.status === "working" ? `  ${formatBar(event, barWidth)}` : "";
  return `  ${event.label.padEnd(21)}  ${event.text}${bar}`;
}

function formatBar(event: ProgressEvent, width: number): string {
  const share = event.total ? Math.min(1, (event.current ?? 0) / event.total) : 0;
  const filled = Math.round(share * width);
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}]`;
}
