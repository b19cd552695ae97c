import type { ProgressEvent } from "./output.js";

/** Shows what is going on, on stderr. */
export interface ProgressDisplay {
  update(event: ProgressEvent): void;
  /** Lines that must not be mixed into a live area are written through this. */
  interrupt(write: () => void): void;
  done(): void;
}

/** A line per change of status; what merely counts up (seconds, bytes) is left out. */
export function createPlainProgress(write: (line: string) => void): ProgressDisplay {
  const lastShown = new Map<string, string>();
  return {
    update(event) {
      const key = `${event.status} ${event.text.replace(/\d+(\.\d+)?/g, "#")}`;
      if (lastShown.get(event.id) === key) return;
      lastShown.set(event.id, key);
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

export const quietProgress: ProgressDisplay = {
  update() {},
  interrupt: (writeLines) => writeLines(),
  done() {},
};

/** "  kafka                  ready      4.2 s   127.0.0.1:9092" */
export function formatRow(event: ProgressEvent, barWidth = 20): string {
  const bar =
    event.total !== undefined && event.status === "working" ? `  ${formatBar(event, barWidth)}` : "";
  return `  ${event.label.padEnd(22)} ${event.text}${bar}`;
}

function formatBar(event: ProgressEvent, width: number): string {
  const share = event.total ? Math.min(1, (event.current ?? 0) / event.total) : 0;
  const filled = Math.round(share * width);
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}]`;
}
