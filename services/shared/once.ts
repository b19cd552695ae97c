/**
 * Work that is done once for all who ask, and again after it failed: what a service does before it can use a store that
 * may be away when it starts.
 */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}
