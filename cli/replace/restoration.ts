import { connectEngine } from "../engine/connect.js";
import { isEngineError } from "../engine/tolerate.js";
import { openProjectState } from "../env/state-folder.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { Context } from "../kernel/context.js";
import type { ProcessMark } from "../kernel/process-alive.js";
import { actOnService } from "../runtime/control-client.js";
import { findPlace } from "../runtime/place.js";
import { endTree } from "./end-tree.js";
import { recordReplaced } from "./replaced.js";

/** All that is needed to give a service back to what ran it before; plain data, for a process that takes over. */
export interface Restoration {
  readonly project: { readonly name: string; readonly folder: string };
  readonly service: string;
  readonly runtime: "docker" | "embedded";
  /** The program in its place; it and what it started is ended first. null: it has ended, or was never started. */
  readonly program: ProcessMark | null;
  /** The container that waits; null where there was none. */
  readonly containerId: string | null;
  /** Name of the container that stands in for it, known before there is one; null on the embedded runtime. */
  readonly relay: string | null;
  /** Embedded: whether the service ran. */
  readonly start: boolean;
}

/**
 * Ends the replacement and starts what was there before. What is gone meanwhile (`down`) is not missed.
 * @throws MybrokerError replace.not-restored, exit 3; what the engine says
 */
export async function restoreService(restoration: Restoration, context: Context): Promise<void> {
  const { project, service, runtime, program } = restoration;
  if (program !== null) await endTree(program);
  try {
    if (runtime === "docker") await restoreContainer(restoration, context);
    else if (restoration.start) await restoreEmbedded(restoration, context);
  } finally {
    await recordReplaced(await openProjectState(context, project.folder), service, []);
  }
}

async function restoreContainer({ containerId, relay }: Restoration, context: Context): Promise<void> {
  const engine = await connectEngine(context);
  try {
    if (relay !== null) await engine.removeContainer(relay, { force: true, anonymousVolumes: true });
    if (containerId !== null) await engine.startContainer(containerId);
  } catch (error) {
    if (!isEngineError(error, "not-found")) throw error;
  } finally {
    engine.close();
  }
}

async function restoreEmbedded({ project, service }: Restoration, context: Context): Promise<void> {
  const status = await actOnService(await findPlace(context, project), service, "start");
  if (status?.state !== "failed") return;
  throw new MybrokerError({
    code: "replace.not-restored",
    message: `${service} did not start again: ${status.problem ?? "it does not say why"}`,
    hint: `{mybroker} start ${service}`,
    exitCode: exitCodes.machine,
    details: { service },
  });
}
