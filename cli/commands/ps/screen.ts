import type { Style } from "../../output/output.js";
import { formatTable } from "../../output/table.js";
import type { ContainerView } from "../../stack/container-state.js";

export interface TableSetting {
  readonly style: Style;
  /** Unix time in milliseconds. */
  readonly nowMs: number;
  /** With a column that says whose each container is. */
  readonly everyProject: boolean;
}

/** The table of `ps`: at most 80 columns with the shipped service names. */
export function renderContainers(
  views: readonly ContainerView[],
  { style, nowMs, everyProject }: TableSetting,
): string[] {
  const rows = views.map((view) => [
    ...(everyProject ? [view.project] : []),
    view.service,
    describeCondition(view),
    view.exitCode === null ? formatSince(view.startedAt, nowMs) : "-",
    view.addresses.join(" "),
  ]);
  const colours = [undefined, ...views.map((view) => colourOf(view, style))];
  const heads = [...(everyProject ? ["PROJECT"] : []), "SERVICE", "STATE", "SINCE", "ADDRESS"];
  return formatTable([heads, ...rows], (row, line) =>
    row === 0 ? style.dim(line) : (colours[row]?.(line) ?? line),
  );
}

function describeCondition(view: ContainerView): string {
  const restarts = view.restarts > 0 ? `, ${view.restarts} restarts` : "";
  if (view.outOfMemory) return `exited (out of memory)${restarts}`;
  return view.condition === "exited"
    ? `exited (${view.exitCode})${restarts}`
    : `${view.condition}${restarts}`;
}

function colourOf(view: ContainerView, style: Style): ((text: string) => string) | undefined {
  if (view.condition === "exited" || view.condition === "unhealthy" || view.condition === "restarting")
    return style.red;
  if (view.condition === "starting" || view.condition === "paused") return style.yellow;
  return undefined;
}

/** "12 s", "3 min", "5 h", "2 d": how long it has been running. */
export function formatSince(startedAt: string | null, nowMs: number): string {
  if (startedAt === null) return "-";
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(startedAt)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
