/**
 * Merges streams that are each in time order into one in time order; holds one item a stream. Times are RFC 3339
 * strings in UTC of varying precision, so they are compared as strings after padding.
 */
export async function* mergeByTime<Item extends { readonly time: string }>(
  streams: readonly AsyncIterable<Item>[],
): AsyncGenerator<Item> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (;;) {
      let earliest: number | undefined;
      let earliestTime = "";
      heads.forEach((head, index) => {
        if (head.done === true) return;
        const time = padTime((head.value as Item).time);
        if (earliest === undefined || time < earliestTime) {
          earliest = index;
          earliestTime = time;
        }
      });
      if (earliest === undefined) return;
      const head = heads[earliest];
      const iterator = iterators[earliest];
      if (head === undefined || iterator === undefined) return;
      yield head.value as Item;
      heads[earliest] = await iterator.next();
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.(undefined)));
  }
}

/** "…:05Z" and "…:05.1Z" become comparable: nine digits after the point. */
function padTime(time: string): string {
  const [whole = "", fraction = ""] = time.replace(/Z$/, "").split(".");
  return `${whole}.${fraction.padEnd(9, "0")}`;
}
