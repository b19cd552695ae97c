import { connect } from "node:net";
import type { ProbeAnswer } from "../probe.js";

/** What a server's first bytes say; undefined while more bytes are needed. */
export type ReadAnswer = (bytes: Buffer) => ProbeAnswer | undefined;

export interface Conversation {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Sent once connected; absent where the server speaks first. */
  readonly send?: Uint8Array;
  /** A throw counts as an answer in another protocol. */
  readonly read: ReadAnswer;
}

/** More than any first answer of the protocols that we speak; a flood beyond it is another kind of server. */
const maxAnswerBytes = 64 * 1024;

const refusedCodes = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE"]);
const silentCodes = new Set(["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"]);

export function ready(detail: string): ProbeAnswer {
  return { ready: true, detail, latencyMs: 0 };
}

export type NotReady = Extract<ProbeAnswer, { ready: false }>;

export function notReady(reason: NotReady["reason"], detail: string): NotReady {
  return { ready: false, reason, detail };
}

/** Text of a foreign server, fit for one line of ours: printable, at most 200 characters. */
export function oneLine(text: string): string {
  return text
    .replace(/[^\x20-\x7e\u00a0-\uffff]+/g, " ")
    .trim()
    .slice(0, 200);
}

/**
 * Connects, says one thing, reads one answer and hangs up: a few packets, no client library. Ends within
 * timeoutMs whatever the other side does, and never rejects.
 */
export function converse(conversation: Conversation): Promise<ProbeAnswer> {
  const { host, port, timeoutMs, send, read } = conversation;
  return new Promise((resolve) => {
    const startedMs = performance.now();
    let bytes = Buffer.alloc(0);
    let connected = false;
    const socket = connect({ host, port, noDelay: true });
    const timer = setTimeout(() => {
      settle(notReady("silent", `no answer within ${timeoutMs} ms${connected ? "" : " to the connection"}`));
    }, timeoutMs);

    function settle(answer: ProbeAnswer): void {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer.ready ? { ...answer, latencyMs: performance.now() - startedMs } : answer);
    }

    socket.on("connect", () => {
      connected = true;
      if (send !== undefined) socket.write(send);
    });
    socket.on("data", (chunk) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const answer = readSafely(read, bytes);
      if (answer !== undefined) settle(answer);
      else if (bytes.length > maxAnswerBytes) settle(notReady("wrong-server", "it sends without end"));
    });
    // A port that Docker publishes accepts before the server behind it listens, and hangs up: not there yet.
    socket.on("close", () => settle(hungUp(bytes.length)));
    socket.on("error", (error: NodeJS.ErrnoException) => settle(classifySocketError(error, bytes.length)));
  });
}

function readSafely(read: ReadAnswer, bytes: Buffer): ProbeAnswer | undefined {
  try {
    return read(bytes);
  } catch {
    return notReady("wrong-server", "its answer cannot be read");
  }
}

function hungUp(receivedBytes: number): ProbeAnswer {
  return receivedBytes === 0
    ? notReady("refused", "the connection was closed without an answer")
    : notReady("starting", `the connection was closed after ${receivedBytes} bytes`);
}

/** A socket's failure as a reason; `receivedBytes` tells a server that broke off from one that is not there. */
export function classifySocketError(error: NodeJS.ErrnoException, receivedBytes = 0): NotReady {
  const code = error.code ?? "";
  if (refusedCodes.has(code)) {
    return receivedBytes === 0
      ? notReady("refused", code === "ECONNREFUSED" ? "connection refused" : "connection reset")
      : notReady("starting", "connection reset in the middle of an answer");
  }
  if (silentCodes.has(code)) return notReady("silent", oneLine(error.message));
  return notReady("error", oneLine(error.message === "" ? code : error.message));
}
