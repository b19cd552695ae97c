import { countOf, formatDuration, wrap } from "../../output/units.js";
import type { Filter } from "../../streams/filter.js";
import { shortTime } from "../../streams/format-text.js";
import { readBackMost } from "../../streams/some-ways.js";
import type { Gap, SourceInfo } from "../../streams/source.js";
import type { WatchResult } from "../../streams/watch-streams.js";
import type { TailOptions } from "./read-options.js";

const screenWidth = 80;

/** What is listened to, how much of the past that has, and what of it is shown. */
export function describeSources(infos: readonly SourceInfo[], options: TailOptions, nowMs: number): string[] {
  return joinParts([
    ...infos.map(({ describe, history }) => `${describe}${describeHistory(history, nowMs)}`),
    describeStart(options),
  ]);
}

/** Joined by " · ", in lines that fit. */
function joinParts(parts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + part.length + 3 <= screenWidth)
      lines[lines.length - 1] = `${line} · ${part}`;
    else lines.push(...wrap(part));
  }
  return lines;
}

/** Of a source that has none its own words say so. */
function describeHistory(history: SourceInfo["history"], nowMs: number): string {
  if (typeof history === "string") return "";
  const { fromMs, records } = history;
  const from = fromMs === undefined ? "" : ` since ${shortTime(fromMs, nowMs).slice(0, -4)}`;
  if (records === 0) return ", empty";
  return records === undefined ? `,${from}` : `, ${records.toLocaleString("en-US")} messages${from}`;
}

function describeStart({ plan, expressions }: TailOptions): string {
  const { start, keepLast, follow, untilMs } = plan;
  const following = follow && untilMs === undefined ? ", following" : "";
  if (start === "now") return `from now on${follow ? "" : ", nothing of the past"}`;
  if (start === "beginning") return `from the beginning${following}`;
  const wanted = expressions.filter === undefined ? "" : " that match";
  if ("sinceMs" in start) {
    const last = keepLast === undefined ? "" : `last ${keepLast} `;
    return `${last}since ${new Date(start.sinceMs).toISOString()}${following}`;
  }
  const within =
    keepLast === undefined || keepLast === start.last
      ? ""
      : ` of ${readBackMost.toLocaleString("en-US")} a source`;
  return `last ${keepLast ?? start.last}${wanted}${within}${following}`;
}

/** What makes something come, where nothing does. */
export function hintFor({ choice, expressions }: TailOptions, invocation: string): string {
  if (expressions.filter !== undefined) return "Nothing that matches yet.";
  if (choice.names.length === 1 && choice.names[0] === "dlq")
    return "No dead letter so far, as it should be.";
  return `Nothing new yet. To make some:  ${invocation} order buy PETR4 100`;
}

/** "reconnected after 3.2 s, kafka: 0 missed" */
export function describeGap({ source, tookMs, missed }: Gap): string {
  const lost = missed === "unknown" ? "unknown what was missed" : `${missed} missed`;
  if (tookMs === 0) return `${source}: ${lost}, removed before they could be read`;
  return `reconnected after ${formatDuration(tookMs)}, ${source}: ${lost}`;
}

/** "37 messages, 2 dropped" and what a filter could not be said of. */
export function describeEnd({ shown, dropped, reason }: WatchResult, filters: readonly Filter[]): string[] {
  return [
    `${countOf(shown, "message")}${dropped === 0 ? "" : `, ${dropped} dropped`}${endings[reason]}`,
    ...filters.flatMap(({ failures, firstFailure }) =>
      failures === 0
        ? []
        : [`The expression could not be applied to ${countOf(failures, "message")}: ${firstFailure}`],
    ),
  ];
}

const endings: Readonly<Record<WatchResult["reason"], string>> = {
  "stop-when": ", the last is the one to stop at",
  idle: ", and then none for the time that was given",
  limit: "",
  until: "",
  past: "",
  interrupted: "",
};
