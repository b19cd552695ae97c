/**
 * Turns times of runs into CSS: names of classes, and the rules behind them. Without `motion` everything is as it ends.
 * @param {{ startMs: number, tookMs: number }[]} runs
 * @param {{ speed: number, holdMs: number } | undefined} motion
 */
export function createTimeline(runs, motion) {
  const rules = new Map();
  const endMs = Math.max(...runs.map(({ startMs, tookMs }) => startMs + tookMs));
  const lengthMs = motion === undefined ? 0 : endMs / motion.speed + motion.holdMs;
  const percent = (atMs) => `${Number(((100 * atMs) / motion.speed / lengthMs).toFixed(2))}%`;

  /** One rule for all that happens at the same times. */
  const nameOf = (base, frames) => {
    const key = `${base}|${frames}`;
    if (!rules.has(key)) rules.set(key, { name: `k${rules.size}`, base, frames });
    return rules.get(key).name;
  };

  return {
    /** Class of what is there from one time to another; "" is always, undefined never. */
    shown(fromMs, toMs = Number.POSITIVE_INFINITY) {
      const stays = toMs === Number.POSITIVE_INFINITY;
      if (motion === undefined) return stays ? "" : undefined;
      if (fromMs <= 0 && stays) return "";
      const frames = [
        ...(fromMs > 0 ? ["0%{visibility:hidden}"] : []),
        `${percent(Math.max(0, fromMs))}{visibility:visible}`,
        ...(stays ? [] : [`${percent(toMs)}{visibility:hidden}`]),
      ];
      return nameOf(stays ? "" : "visibility:hidden", frames.join(""));
    },
    /** Class of what is moved up at times; "" where it is not. */
    moved(moves) {
      if (motion === undefined || moves.length < 2) return "";
      const frames = moves.map(({ atMs, y }) => `${percent(atMs)}{transform:translateY(${y}px)}`);
      return nameOf("", frames.join(""));
    },
    styleSheet() {
      if (rules.size === 0) return "";
      const all = [...rules.values()];
      return [
        `[class*=k]{animation:${(lengthMs / 1000).toFixed(1)}s step-end infinite}`,
        ...all.map(
          ({ name, base, frames }) =>
            `.${name}{${base === "" ? "" : `${base};`}animation-name:${name}}@keyframes ${name}{${frames}}`,
        ),
        "@media (prefers-reduced-motion:reduce){[class*=k]{animation:none!important}}",
      ].join("\n");
    },
  };
}
