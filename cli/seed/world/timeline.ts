const dayMs = 86_400_000;
const slotsPerDay = 8;
const slotMs = dayMs / slotsPerDay;
/** Midnight in Sao Paulo, which has had no summer time since 2019. */
const midnightMs = 3 * 3_600_000;
/** Room for the results of one command, and as many for what a session's end makes of one pair's orders. */
const idsPerCommand = 16;
/** Of the very last command: a trade between the two users. */
const lastResults = 3;

export const historyDays = 30;
/** All of the past; in each a pair gives the exchange one command at most. */
export const pastSlots = historyDays * slotsPerDay;
/** At the moment of as-of, for the orders that stay open. */
const openingSlots = 4;
const allSlots = pastSlots + openingSlots;

/** One moment in which a pair may act. */
export interface Step {
  /** Of its command: in the order of time over all pairs. */
  readonly sequence: number;
  /** Of the first of its results. */
  readonly firstResultId: number;
  /** When the order is placed, held by the wallet, matched, recorded and settled. */
  readonly placedMs: number;
  readonly heldMs: number;
  readonly matchedMs: number;
  readonly recordedMs: number;
  readonly settledMs: number;
  /** "2026-11-22". */
  readonly sessionDate: string;
}

/** Midnight in Sao Paulo of the day that this moment (Unix milliseconds) is in. */
export function startOfDay(atMs: number): number {
  return Math.floor((atMs - midnightMs) / dayMs) * dayMs + midnightMs;
}

export interface Timeline {
  /** Of a slot below pastSlots + 4. */
  stepOf(slot: number, pair: number): Step;
  /** End of a day (0 to 29) as it meets a pair's orders. */
  sessionEnd(day: number, pair: number): Step;
  readonly startMs: number;
}

/** 0 to 29: the day of history that a slot is in. */
export function dayOf(slot: number): number {
  return Math.floor(slot / slotsPerDay);
}

/** Slots of the day from this one on, itself among them. */
export function slotsLeftInDay(slot: number): number {
  return slotsPerDay - (slot % slotsPerDay);
}

/**
 * Each slot of time is divided among the pairs, so that a pair knows its commands' places in the one sequence without
 * the other pairs; what a pair leaves out is a gap. Both sequence and ids end at exactly -1: a database that counts on
 * from the highest number never counts where another data set may have to be put.
 */
export function createTimeline(asOfMs: number, pairs: number): Timeline {
  const width = pairs + 1;
  const sequenceOf = (slot: number, place: number) => slot * width + place - allSlots * width;
  const firstIdOf = (sequence: number) => (sequence + 1) * idsPerCommand - lastResults;
  const dates = Array.from({ length: historyDays + 1 }, (_, day) =>
    new Date(asOfMs + (day - historyDays) * dayMs).toISOString().slice(0, 10),
  );
  const dateOf = (slot: number) => dates[Math.min(dayOf(slot), historyDays)] as string;
  const startMs = asOfMs - historyDays * dayMs;
  return {
    startMs,
    stepOf(slot, pair) {
      const sequence = sequenceOf(slot, pair + 1);
      const isPast = slot < pastSlots;
      const within = Math.floor((slotMs * (pair + 1)) / (pairs + 2));
      return makeStep({
        sequence,
        firstResultId: firstIdOf(sequence),
        sessionDate: dateOf(slot),
        matchedMs: isPast ? startMs + slot * slotMs + within : asOfMs,
        latencyMs: isPast ? 1 : 0,
      });
    },
    sessionEnd(day, pair) {
      const next = (day + 1) * slotsPerDay;
      return makeStep({
        sequence: sequenceOf(next, 0),
        firstResultId: firstIdOf(sequenceOf(next - 1, pair + 1)) + idsPerCommand / 2,
        sessionDate: dateOf(next - 1),
        matchedMs: startMs + next * slotMs,
        // Nothing happens after as-of.
        latencyMs: next === pastSlots ? 0 : 1,
      });
    },
  };
}

interface Moment extends Pick<Step, "sequence" | "firstResultId" | "sessionDate" | "matchedMs"> {
  readonly latencyMs: number;
}

function makeStep({ sequence, firstResultId, sessionDate, matchedMs, latencyMs }: Moment): Step {
  return {
    sequence,
    firstResultId,
    sessionDate,
    matchedMs,
    placedMs: matchedMs - 3 * latencyMs,
    heldMs: matchedMs - 2 * latencyMs,
    recordedMs: matchedMs + 2 * latencyMs,
    settledMs: matchedMs + 4 * latencyMs,
  };
}
