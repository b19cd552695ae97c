import type { Readable, Writable } from "node:stream";
import type { ExecSession } from "../engine/engine.js";
import type { CapturedText } from "./output.js";

interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  write(channel: "stdout" | "stderr", bytes: Uint8Array): Promise<void>;
}

/** Connects a session in a container with this process's terminal or pipes until its output ends. */
export async function attachSession(session: ExecSession, tty: boolean, terminal: Terminal): Promise<void> {
  const stdin = terminal.stdin as Readable & { setRawMode?(raw: boolean): void };
  const stdout = terminal.stdout as Writable & { columns?: number; rows?: number };
  const resize = (): void => {
    // A session that has just ended cannot be resized, and need not be.
    session.resize(stdout.columns ?? 80, stdout.rows ?? 24).catch(() => {});
  };
  if (tty) {
    stdin.setRawMode?.(true);
    stdout.on("resize", resize);
    resize();
  }
  // The other side may go away while there is still input.
  session.stdin.on("error", () => {});
  stdin.pipe(session.stdin);
  try {
    for await (const { channel, bytes } of session.output) await terminal.write(channel, bytes);
  } finally {
    stdin.unpipe(session.stdin);
    stdin.pause();
    if (tty) {
      stdin.setRawMode?.(false);
      stdout.off("resize", resize);
    }
  }
}

/** Gives a session this process's input, and keeps what it writes. */
export async function captureSession(
  session: ExecSession,
  { stdin, stdout }: Pick<Terminal, "stdin" | "stdout">,
): Promise<CapturedText> {
  const pieces = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  await attachSession(session, false, {
    stdin,
    stdout,
    write: async (channel, bytes) => {
      pieces[channel].push(Uint8Array.from(bytes));
    },
  });
  const read = (channel: keyof typeof pieces) => Buffer.concat(pieces[channel]).toString("utf8");
  return { stdout: read("stdout"), stderr: read("stderr") };
}
