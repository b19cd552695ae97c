import type { Instrument } from "../instruments.js";
import type { Money } from "../money.js";
import { type Quote, roundToTick } from "./quote.js";

export interface SimulatedMoment {
  /** QUOTE_SEED. */
  readonly seed: string;
  /** QUOTE_INTERVAL. */
  readonly intervalSeconds: number;
  /** Unix time by the interval, rounded down. */
  readonly k: number;
}

const daySeconds = 86_400;
/** America/Sao_Paulo, which has had no summer time since 2019. */
const offsetSeconds = -3 * 3_600;
/** Of the finest movement, in parts of the price; a movement over n intervals is as much times the root of n. */
const roughness = 0.000_25;
/** The longest movement takes 2 ** 13 intervals. */
const octaves = 14;

/** No price is further from the base price than this part of it and one tick. */
export const simulatedRange = 0.08;

/** The k of the moment. */
export function intervalAt(timeMs: number, intervalSeconds: number): number {
  return Math.floor(timeMs / (intervalSeconds * 1_000));
}

/**
 * The price in the k-th interval, known without those before it: a sum of movements of 1, 2, 4 … intervals, as a
 * random walk has them. It begins each day (00:00 in Sao Paulo) at the base price. Only exact arithmetic, so that any
 * process on any machine comes to the same.
 */
export function simulatedPrice(instrument: Instrument, moment: SimulatedMoment): Money {
  const { basePrice, tick } = instrument;
  const { key, step } = findPlace(instrument, moment);
  let movement = 0;
  for (let octave = 0, scale = roughness; octave < octaves; octave++, scale *= Math.SQRT2) {
    movement += scale * noiseAt(key + octave * 0x9e3779b9, step / 2 ** octave);
  }
  // Without it the cheap ones, whose tick is large, would stand still.
  const bounce = tick * noiseAt(~key, step);
  return roundToTick(basePrice * (1 + movement) + bounce, instrument);
}

/** The price of the k-th interval with what a quote says beside it: the volume grows from the start of the day. */
export function simulatedQuote(instrument: Instrument, moment: SimulatedMoment): Quote {
  const price = simulatedPrice(instrument, moment);
  const { key, step } = findPlace(instrument, moment);
  const lots = (1 + (hash(key, -1) % 10)) * moment.intervalSeconds * (step + toUnit(hash(key, step)));
  return {
    instrument,
    price,
    changePercent: percentChange(instrument.basePrice, price),
    volume: Math.floor(lots) * instrument.lotSize,
    time: new Date(moment.k * moment.intervalSeconds * 1_000).toISOString(),
  };
}

function percentChange(from: Money, to: Money): number {
  return Math.round(((to - from) * 10_000) / from) / 100 + 0;
}

/** Which day of which instrument, and which interval of that day. */
function findPlace({ ticker }: Instrument, { seed, intervalSeconds, k }: SimulatedMoment) {
  const day = Math.floor((k * intervalSeconds + offsetSeconds) / daySeconds);
  const first = Math.ceil((day * daySeconds - offsetSeconds) / intervalSeconds);
  return { key: hashText(`${seed}/${ticker}/${day}`), step: k - first };
}

/** Between -1 and 1; 0 at 0; random at whole numbers, smooth between them. */
function noiseAt(key: number, at: number): number {
  const before = Math.floor(at);
  const valueAt = (index: number) => (index === 0 ? 0 : toUnit(hash(key, index)) * 2 - 1);
  const part = at - before;
  const from = valueAt(before);
  return part === 0 ? from : from + (valueAt(before + 1) - from) * part * part * (3 - 2 * part);
}

function toUnit(hashed: number): number {
  return hashed / 2 ** 32;
}

/** 32 bits of FNV-1a. */
function hashText(text: string): number {
  let hashed = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hashed = Math.imul(hashed ^ text.charCodeAt(index), 0x01000193);
  }
  return hashed;
}

/** 32 bits that share nothing visible with those of the neighbours (the finalizer of MurmurHash3, twice). */
function hash(key: number, index: number): number {
  return mix(mix(key) ^ index);
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
