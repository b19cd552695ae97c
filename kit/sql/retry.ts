import { setTimeout as pause } from "node:timers/promises";

const attempts = 5;

/** Runs `work` again, at most 5 times in all and after 10, 20, 40 and 80 ms, as long as it fails with such an error. */
export async function retryOn<T>(
  isTransient: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts || !isTransient(error)) throw error;
      await pause(5 * 2 ** attempt);
    }
  }
}
