/** Rows of a store in the order of a key, a page at a time. */
export interface SortedRows<Row> {
  readonly pages: AsyncIterable<readonly Row[]>;
  keyOf(row: Row): string;
}

/** By name the rows that have the same key. */
type Group = Readonly<Record<string, readonly unknown[]>>;

/** A stream that is read a page ahead of what is joined. */
class Head {
  readonly #iterator: AsyncIterator<readonly unknown[]>;
  readonly #keyOf: (row: unknown) => string;
  #coming: Promise<IteratorResult<readonly unknown[]>> | undefined;
  #page: readonly unknown[] = [];
  #place = 0;
  ended = false;
  /** Of the row that is next; undefined: a page is needed first, or there is none. */
  key: string | undefined;

  constructor({ pages, keyOf }: SortedRows<unknown>) {
    this.#iterator = pages[Symbol.asyncIterator]();
    this.#keyOf = keyOf;
  }

  async load(): Promise<void> {
    const { value, done } = await (this.#coming ?? this.#iterator.next());
    this.ended = done === true;
    if (this.ended) return;
    this.#coming = this.#iterator.next();
    // Whoever waits for it is told; until then nobody is.
    this.#coming.catch(() => {});
    this.#page = value;
    this.#place = -1;
    this.#advance();
  }

  #advance(): void {
    this.#place += 1;
    this.key = this.#place < this.#page.length ? this.#keyOf(this.#page[this.#place]) : undefined;
  }

  takeWhile(key: string, into: unknown[]): void {
    while (this.key === key) {
      into.push(this.#page[this.#place]);
      this.#advance();
    }
  }

  async close(): Promise<void> {
    await this.#coming?.catch(() => {});
    await this.#iterator.return?.();
  }
}

/**
 * Reads sorted streams side by side and hands out what belongs together, a key at a time. It keeps two pages of each
 * stream and the rows of one key.
 */
export async function joinSorted(
  inputs: Readonly<Record<string, SortedRows<unknown>>>,
  onGroup: (key: string, group: Group) => void,
  signal?: AbortSignal,
): Promise<void> {
  const heads = Object.entries(inputs).map(([name, rows]) => ({ name, head: new Head(rows) }));
  try {
    let key: string | undefined;
    let group: Record<string, unknown[]> = {};
    for (;;) {
      const dry = heads.filter(({ head }) => head.key === undefined && !head.ended);
      if (dry.length > 0) {
        signal?.throwIfAborted();
        await Promise.all(dry.map(({ head }) => head.load()));
      }
      // A key may go on in the page that has just come.
      if (key === undefined || !heads.some(({ head }) => head.key === key)) {
        if (key !== undefined) onGroup(key, group);
        key = findLowest(heads);
        if (key === undefined) return;
        group = {};
        for (const { name } of heads) group[name] = [];
      }
      for (const { name, head } of heads) head.takeWhile(key, group[name] as unknown[]);
    }
  } finally {
    await Promise.all(heads.map(({ head }) => head.close()));
  }
}

function findLowest(heads: readonly { readonly head: Head }[]): string | undefined {
  let lowest: string | undefined;
  for (const { head } of heads)
    if (head.key !== undefined && (lowest === undefined || head.key < lowest)) lowest = head.key;
  return lowest;
}
