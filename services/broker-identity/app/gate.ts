/** Lets `atOnce` pieces of work run and `waiting` more wait; refuses the rest. */
export interface Gate {
  /** @throws what `refuse` makes, at once, when too many wait */
  pass<T>(work: () => Promise<T>): Promise<T>;
}

export function createGate(limits: { atOnce: number; waiting: number; refuse: () => Error }): Gate {
  const queue: (() => void)[] = [];
  let running = 0;
  return {
    async pass(work) {
      if (running >= limits.atOnce) {
        if (queue.length >= limits.waiting) throw limits.refuse();
        // Whoever leaves hands on its place, so `running` stays.
        await new Promise<void>((resolve) => queue.push(resolve));
      } else {
        running += 1;
      }
      try {
        return await work();
      } finally {
        const next = queue.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
