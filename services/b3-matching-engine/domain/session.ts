export type SessionKind = "always" | "b3";

export interface SessionState {
  /** "2026-11-22" in America/Sao_Paulo. */
  readonly date: string;
  readonly open: boolean;
  /** The day's session is over, or its day has none. */
  readonly ended: boolean;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const opens = 10 * 60;
const closes = 17 * 60 + 55;

const clock = new Intl.DateTimeFormat("en-CA", {
  timeZone: "America/Sao_Paulo",
  hourCycle: "h23",
  ...({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const),
});

/**
 * Which session a moment (Unix, ms) belongs to. always: the whole day, to midnight in São Paulo; b3: 10:00 to 17:55
 * from Monday to Friday, holidays not known.
 */
export function sessionAt(kind: SessionKind, at: number): SessionState {
  const local = new Date(at + offsetAt(at));
  const date = local.toISOString().slice(0, 10);
  if (kind === "always") return { date, open: true, ended: false };
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
  const isWeekday = local.getUTCDay() % 6 !== 0;
  const open = isWeekday && minute >= opens && minute < closes;
  return { date, open, ended: !isWeekday || minute >= closes };
}

/** Asking Intl takes as long as matching an order; no zone moves its clocks within an hour of UTC. */
const known = { hour: Number.NaN, offset: 0 };

function offsetAt(at: number): number {
  const hour = Math.floor(at / hourMs);
  if (known.hour !== hour) {
    known.offset = askOffset(hour * hourMs);
    known.hour = hour;
  }
  return known.offset;
}

function askOffset(at: number): number {
  const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  const { year, month, day, hour, minute } = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`) - at;
}
