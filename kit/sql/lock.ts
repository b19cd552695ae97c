/** One holder at a time among all processes that use the database. */
export interface SqlLock {
  /** Aborted as soon as the lock may be another's: its holder must stop writing. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** A session of its own that holds a lock for as long as it lives. */
export interface LockSession {
  /** Whether the lock is still ours; rejects when the server does not answer in time. */
  ask(): Promise<boolean>;
  onEnd(listener: () => void): void;
  end(): void;
}

const beatMs = 5_000;

/** A server ends a session's locks with the session, which a client may never hear of: so it asks, every 5 seconds. */
export function holdLock(session: LockSession): SqlLock {
  const lost = new AbortController();
  const lose = () => {
    clearInterval(beat);
    lost.abort();
    session.end();
  };
  const beat = setInterval(() => {
    session.ask().then((held) => held || lose(), lose);
  }, beatMs).unref();
  session.onEnd(lose);
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(beat);
      session.end();
    },
  };
}

/** @throws RangeError for a name that would not do as part of a file's name */
export function checkLockName(name: string): void {
  if (!/^[a-z0-9-]{1,32}$/.test(name)) throw new RangeError(`${name} is no name for a lock`);
}
