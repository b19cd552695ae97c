import { setTimeout as delay } from "node:timers/promises";
import { demultiplex, rawOutput } from "./demultiplex.js";
import type { ExecOptions, ExecSession } from "./engine.js";
import { EngineError } from "./engine-error.js";
import { readUntilAborted } from "./read-stream.js";
import type { Transport } from "./transport.js";

const exitLookMs = 20;
const exitLooks = 250;

/** Starts a command in a running container and takes its connection over. */
export async function startExec(
  transport: Transport,
  id: string,
  options: ExecOptions,
): Promise<ExecSession> {
  const { Id: execId } = await transport.json<{ Id: string }>({
    method: "POST",
    path: `/containers/${id}/exec`,
    body: {
      Cmd: options.command,
      AttachStdin: options.stdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: options.tty,
      ...(options.user !== undefined && { User: options.user }),
      ...(options.workingDir !== undefined && { WorkingDir: options.workingDir }),
      ...(options.env && { Env: options.env }),
    },
  });
  const connection = await transport.hijack({
    method: "POST",
    path: `/exec/${execId}/start`,
    body: { Detach: false, Tty: options.tty },
  });
  // Without a listener, an engine that goes away while nobody reads would end the process.
  connection.on("error", () => {});
  const leave = (): void => void connection.destroy();
  options.signal?.addEventListener("abort", leave, { once: true });
  connection.once("close", () => options.signal?.removeEventListener("abort", leave));
  if (options.signal?.aborted) leave();
  return {
    output: readUntilAborted(
      options.tty ? rawOutput(connection) : demultiplex(connection),
      connection,
      options.signal,
    ),
    stdin: connection,
    async resize(columns, rows) {
      await transport.run({ method: "POST", path: `/exec/${execId}/resize`, query: { h: rows, w: columns } });
    },
    exitCode: () => waitForExit(transport, execId),
  };
}

/** The engine closes the output a moment before it notes the exit code, and sends no event to wait for in between. */
async function waitForExit(transport: Transport, execId: string): Promise<number> {
  for (let look = 0; look < exitLooks; look += 1) {
    const state = await transport.json<{ Running: boolean; ExitCode: number | null }>({
      path: `/exec/${execId}/json`,
    });
    if (!state.Running && state.ExitCode !== null) return state.ExitCode;
    await delay(exitLookMs);
  }
  throw new EngineError({
    kind: "other",
    message: "the command's output ended but the engine reports no exit code",
  });
}
