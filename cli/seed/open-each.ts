import type { MybrokerError } from "../errors/mybroker-error.js";
import { explainStoreError, isStoreDown, storeDown } from "./store-errors.js";
import type { SeedStore } from "./stores.js";

interface Opening<Opened> {
  /** Leaves nothing open where it fails. */
  open(store: SeedStore): Promise<Opened>;
  close(opened: Opened): Promise<void>;
  /** In place of naming all of them. */
  whenAllAreDown?(): MybrokerError;
}

/**
 * Opens all stores at once, in their order; where one fails, what was opened is closed.
 * @throws MybrokerError seed.store-down with every store that does not answer, or what else is wrong with one
 */
export async function openEach<Opened>(
  stores: readonly SeedStore[],
  { open, close, whenAllAreDown }: Opening<Opened>,
): Promise<Opened[]> {
  const attempts = await Promise.allSettled(stores.map(open));
  const opened = attempts.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failures = attempts.flatMap((one, index) =>
    one.status === "rejected" ? [{ error: one.reason, store: stores[index] as SeedStore }] : [],
  );
  const [first] = failures;
  if (first === undefined) return opened;
  await Promise.allSettled(opened.map(close));
  const down = failures.filter(({ error }) => isStoreDown(error)).map(({ store }) => store.store);
  if (down.length === 0) throw explainStoreError(first.error, first.store);
  if (down.length === stores.length && whenAllAreDown !== undefined) throw whenAllAreDown();
  throw storeDown([...new Set(down)], first.error);
}
