/** Runs tasks one after the other, in the order of the calls; a failed one does not keep the next from running. */
export type Serial = <Result>(task: () => Promise<Result>) => Promise<Result>;

/** A row of its own. */
export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const run = last.then(task);
    last = run.catch(() => {});
    return run;
  };
}
