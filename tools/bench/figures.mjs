import { median } from "./statistics.mjs";

/** @typedef {{ what: string, target: string, ours: string, compose: string, met: boolean | undefined }} Figure */

export function milliseconds(value) {
  return `${Math.round(value)} ms`;
}

export function seconds(value) {
  return `${(value / 1000).toFixed(2)} s`;
}

/** "0.51 x" of what the other one takes, in the median. */
export function ratio(ours, theirs) {
  return median(ours) / median(theirs);
}

export function times(value) {
  return `${value.toFixed(2)} x`;
}

/** A table in Markdown; a figure without a target says so and passes no judgement. */
export function renderTable(figures, peer = "Compose") {
  const rows = figures.map(({ what, target, ours, compose, met }) => [
    what,
    target,
    ours,
    compose,
    met === undefined ? "-" : met ? "met" : "**missed**",
  ]);
  const head = ["what", "target", "mybroker", peer, "result"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
