import { connect, type Socket } from "node:net";
import type { ProbeAnswer } from "../probe.js";
import { type NotReady, notReady } from "./wire.js";

/**
 * What one login with a client library opened. The libraries' own time limits do not hold (a silent port keeps
 * some of them for 30 to 75 s), so the sockets are ours: closing the session ends them in any state.
 */
export class LoginSession {
  readonly #sockets = new Set<Socket>();
  readonly #closers: (() => unknown)[] = [];
  #closed = false;

  /** A connecting socket, without Nagle's delay. */
  open(host: string, port: number): Socket {
    return this.keep(connect({ host, port, noDelay: true }));
  }

  keep(socket: Socket): Socket {
    // The library hears the error too; without a listener of ours one after its clean-up would end the process.
    socket.on("error", () => {});
    if (this.#closed) socket.destroy();
    this.#sockets.add(socket);
    return socket;
  }

  /** Runs when the session ends; its result and failure are ignored. */
  onClose(closer: () => unknown): void {
    if (this.#closed) callQuietly(closer);
    else this.#closers.push(closer);
  }

  close(): void {
    this.#closed = true;
    for (const closer of this.#closers.splice(0)) callQuietly(closer);
    for (const socket of this.#sockets) socket.destroy();
  }
}

function callQuietly(closer: () => unknown): void {
  try {
    Promise.resolve(closer()).catch(() => {});
  } catch {
    // It was being closed anyway.
  }
}

export interface LoginAttempt {
  readonly timeoutMs: number;
  /** Resolves with what the server said about itself, or with an answer of its own. */
  readonly login: (session: LoginSession) => Promise<string | ProbeAnswer>;
  readonly classify: (error: unknown) => NotReady;
}

/** Runs a login within timeoutMs; everything it opened is closed at the end, and it never rejects. */
export async function attemptLogin(attempt: LoginAttempt): Promise<ProbeAnswer> {
  const startedMs = performance.now();
  const session = new LoginSession();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<ProbeAnswer>((resolve) => {
    timer = setTimeout(() => {
      resolve(notReady("silent", `the login had no answer within ${attempt.timeoutMs} ms`));
    }, attempt.timeoutMs);
  });
  const outcome = attempt.login(session).then(
    (said): ProbeAnswer => {
      if (typeof said !== "string" && !said.ready) return said;
      const detail = typeof said === "string" ? said : said.detail;
      return { ready: true, detail, latencyMs: performance.now() - startedMs };
    },
    (error: unknown) => attempt.classify(error),
  );
  try {
    return await Promise.race([outcome, limit]);
  } finally {
    clearTimeout(timer);
    session.close();
  }
}

/** The code that a driver put on its error, and the message for a person. */
export function describeError(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors[0]);
  if (error instanceof Error) {
    const code = (error as { code?: unknown }).code;
    return { code: code === undefined ? "" : String(code), message: error.message };
  }
  return { code: "", message: String(error) };
}
