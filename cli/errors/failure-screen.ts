import type { FailureReport } from "./explain-failure.js";

export interface FailureScreen {
  readonly reports: readonly FailureReport[];
  /** How many of the other services run. */
  readonly othersRunning: number;
  /** Columns; lines are cut or wrapped to it. */
  readonly columns: number;
}

const maxRows = 30;
const label = 10;
const indent = " ".repeat(label);
const mostLogRows = 14;
const fewestLogRows = 3;

/**
 * The screen of a failed `up`: for each service what it did, the cause, what to type, and the log; within 30 rows
 * for all of them together, the logs giving way first. Without the leading mark of the first line.
 */
export function renderFailures(screen: FailureScreen): string[] {
  const width = Math.max(60, screen.columns);
  const heads = screen.reports.map((report) => renderHead(report, width));
  const fixedRows = heads.reduce((sum, head) => sum + head.length, 1);
  const each = Math.floor((maxRows - fixedRows) / Math.max(1, heads.length));
  const logRows = Math.min(mostLogRows, Math.max(fewestLogRows, each));
  const rows = screen.reports.flatMap((report, index) => [
    ...(heads[index] ?? []),
    ...renderLog(report, logRows, width),
  ]);
  return [...rows.slice(0, maxRows - 1), renderFoot(screen)];
}

function renderHead(report: FailureReport, width: number): string[] {
  const { cause } = report;
  const rows = wrap(report.headline, width, "  ");
  if (cause !== undefined) rows.push(...labelled("Cause", `${cause.cause} [${cause.id}]`, width));
  rows.push(...labelled("Do", cause?.fix ?? report.advice, width));
  if (report.answer !== undefined && !report.headline.includes(report.answer.replace(/^\w+: /, ""))) {
    rows.push(...labelled("Answer", report.answer, width).slice(0, 2));
  }
  if (report.healthOutput !== undefined && cause === undefined) {
    rows.push(...labelled("Health", report.healthOutput, width).slice(0, 2));
  }
  return rows;
}

/** The line that gave the cause away, and the last ones. */
function renderLog(report: FailureReport, rows: number, width: number): string[] {
  const line = report.cause?.line;
  const last = report.log.slice(-rows);
  const missing = line !== undefined && !last.includes(line);
  const shown = missing ? [line, ...last.slice(2 - rows)] : last;
  return shown.map((text, index) => {
    const room = width - label;
    const plain = text.replace(/[\t\p{Cc}]+/gu, " ");
    const cut = plain.length > room ? `${plain.slice(0, room - 1)}…` : plain;
    return `${index === 0 ? "  Log     " : indent}${cut}`;
  });
}

function renderFoot({ reports, othersRunning }: FailureScreen): string {
  const running =
    othersRunning > 0
      ? `The other ${othersRunning === 1 ? "one is" : `${othersRunning} are`} running.  `
      : "";
  const names = reports.map(({ service }) => service).join(" ");
  return `${running}All of it:  {mybroker} logs ${names}`;
}

function labelled(name: string, text: string, width: number): string[] {
  const [first = "", ...rest] = wrap(text, width - label, "");
  return [`  ${name.padEnd(label - 2)}${first}`, ...rest.map((row) => `${indent}${row}`)];
}

/** At spaces; a word that is longer than a row stays whole, so that a command or path can be copied. */
function wrap(text: string, width: number, hanging: string): string[] {
  const rows: string[] = [];
  let row = "";
  for (const word of text.trim().split(/\s+/)) {
    const room = rows.length === 0 ? width : width - hanging.length;
    if (row !== "" && row.length + 1 + word.length > room) {
      rows.push(row);
      row = word;
    } else {
      row = row === "" ? word : `${row} ${word}`;
    }
  }
  rows.push(row);
  return rows.map((each, index) => (index === 0 ? each : `${hanging}${each}`));
}
