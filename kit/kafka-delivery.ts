import { loadCodec } from "./kafka-codecs.js";
import type { FetchedPartition } from "./kafka-connection.js";
import { decodeBatches, type KafkaRecord, type RecordBatch } from "./kafka-records.js";

export interface PartitionListener {
  /** A promise: nothing more is given before it resolves, and then no more is asked for. */
  push(records: readonly KafkaRecord[]): void | Promise<void>;
  /** Everything that was there when reading began has been pushed. */
  caughtUp(): void;
  /** The topic was deleted. */
  end(): void;
}

/** Where reading a partition has got to. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly listener: PartitionListener;
  leader: number;
  next: number;
  /** The first offset that is not of the past. */
  pastEnd: number;
  isCaughtUp: boolean;
  /** What was fetched last is still being taken. */
  waiting?: Promise<void> | undefined;
}

/** What one fetch brought of a partition. */
export interface RecordSet {
  readonly position: Position;
  readonly from: number;
  readonly next: number;
  readonly batches: readonly RecordBatch[];
  readonly aborted: FetchedPartition["aborted"];
}

/** In order: after what its listener is still taking. */
export function deliver(set: RecordSet): void {
  const { position } = set;
  const give = () => pushSet(set);
  const taken = position.waiting === undefined ? give() : position.waiting.then(give);
  if (taken === undefined) return;
  const waiting = taken.finally(() => {
    if (position.waiting === waiting) position.waiting = undefined;
  });
  // A listener that fails ends by its own means.
  waiting.catch(() => {});
  position.waiting = waiting;
}

const prepared = new Set<number>([0]);

function pushSet(set: RecordSet): void | Promise<void> {
  const unprepared = set.batches.filter(({ codec }) => !prepared.has(codec)).map(({ codec }) => codec);
  if (unprepared.length === 0) return pushDecoded(set);
  return Promise.all([...new Set(unprepared)].map(loadCodec)).then(() => {
    for (const codec of unprepared) prepared.add(codec);
    return pushDecoded(set);
  });
}

function pushDecoded(set: RecordSet): void | Promise<void> {
  const { position, from, batches, aborted } = set;
  const { topic, partition } = position;
  const parts = decodeBatches(batches, { topic, partition, from, aborted });
  const goOn = (): void | Promise<void> => {
    for (;;) {
      const { value: records, done = false } = parts.next();
      const taken = pushPart(set, records, done);
      if (done) return taken;
      if (taken !== undefined) return taken.then(goOn);
    }
  };
  return goOn();
}

function pushPart(
  { position, next }: RecordSet,
  records: readonly KafkaRecord[],
  isLast: boolean,
): void | Promise<void> {
  const { listener, pastEnd } = position;
  if (position.isCaughtUp) return records.length === 0 ? undefined : listener.push(records);
  const firstLive = records.findIndex(({ offset }) => offset >= pastEnd);
  const past = firstLive < 0 ? records : records.slice(0, firstLive);
  const live = firstLive < 0 ? [] : records.slice(firstLive);
  const taken = past.length === 0 ? undefined : listener.push(past);
  const goOn = () => {
    if (live.length > 0 || (isLast && next >= pastEnd)) catchUp(position);
    return live.length === 0 ? undefined : listener.push(live);
  };
  // The past is through even while its last records wait to be taken: who holds them back may wait for just that.
  return live.length === 0 || taken === undefined ? (goOn() ?? taken) : taken.then(goOn);
}

/** Tells the listener, once, that the past is through. */
export function catchUp(position: Position): void {
  if (position.isCaughtUp) return;
  position.isCaughtUp = true;
  position.listener.caughtUp();
}
