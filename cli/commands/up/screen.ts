import { nextWithOrders, takesOrders } from "../../brokerage/parts.js";
import type { Style } from "../../output/output.js";
import { formatDuration } from "../../output/units.js";
import type { ReadyFacts } from "../../ready/outcome.js";

export interface UpSummary {
  readonly ready: readonly ReadyFacts[];
  /** Services that run and that nobody waited for (--no-wait). */
  readonly started: number;
  readonly changed: boolean;
  readonly elapsedMs: number;
  readonly pullMs: number;
  /** A page to open and to log in to, if the stack has one. */
  readonly page?: string;
  readonly missingTopics: readonly string[];
  /** "docker compose ps", with the profile where services of one run. */
  readonly composeHint: string;
}

/** The last lines of `up`: how it went and what to type next. */
export function renderUp(summary: UpSummary, style: Style): string[] {
  const { ready, changed, elapsedMs, pullMs, page } = summary;
  const pull = pullMs >= 1_000 ? ` (pull ${formatDuration(pullMs)})` : "";
  const count = ready.length > 0 ? `${ready.length} ready` : `${summary.started} started`;
  const headline = changed
    ? `${count} in ${formatDuration(elapsedMs)}${pull}.`
    : `${count}, nothing to do (${formatDuration(elapsedMs)}).`;
  const open = page === undefined ? "" : `   Open:  {mybroker} open ${page}`;
  const login = page === undefined ? "" : `   Log in:  {mybroker} env ${page} --reveal`;
  const topics =
    summary.missingTopics.length === 0
      ? []
      : [
          "Topics that come with their services' first start:",
          ...summary.missingTopics.map((topic) => `  ${topic}`),
        ];
  const line = `${style.bold(headline)}${open}`;
  return [
    ...topics,
    ...(headline.length + open.length + login.length > 80
      ? [line, ...(login ? [login.trim()] : [])]
      : [`${line}${login}`]),
    ...(takesOrders(ready.map(({ service }) => service))
      ? [nextWithOrders, `       ${summary.composeHint}`]
      : [`Next:  {mybroker} ps      {mybroker} logs -f      ${summary.composeHint}`]),
  ];
}
