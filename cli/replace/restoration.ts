import { connectEngine } from "../engine/connect.js";
import { isEngineError } from "../engine/tolerate.js";
import { openProjectState } from "../env/state-folder.js";
import type { Context } from "../kernel/context.js";
import { actOnService } from "../runtime/control-client.js";
import { findPlace } from "../runtime/place.js";
import { endTree } from "./end-tree.js";
import { recordReplaced } from "./replaced.js";

/** All that is needed to give a service back to what ran it before; plain data, for a process that takes over. */
export interface Restoration {
  readonly project: { readonly name: string; readonly folder: string };
  readonly service: string;
  readonly runtime: "docker" | "embedded";
  /** Of the program in its place; it and what it started is ended first. */
  readonly childPid: number | null;
  /** Containers: the one that waits, and the relay that stands in for it. null where there is none. */
  readonly containerId: string | null;
  readonly relayId: string | null;
  /** Embedded: whether the service ran. */
  readonly start: boolean;
}

/** Ends the replacement and starts what was there before. What is gone meanwhile (`down`) is not missed. */
export async function restoreService(restoration: Restoration, context: Context): Promise<void> {
  const { project, service, runtime, childPid } = restoration;
  if (childPid !== null) await endTree(childPid);
  if (runtime === "docker") await restoreContainer(restoration, context);
  else if (restoration.start) await actOnService(await findPlace(context, project), service, "start");
  await recordReplaced(await openProjectState(context, project.folder), service, null);
}

async function restoreContainer({ containerId, relayId }: Restoration, context: Context): Promise<void> {
  const engine = await connectEngine(context);
  try {
    if (relayId !== null) await engine.removeContainer(relayId, { force: true, anonymousVolumes: true });
    if (containerId !== null) await engine.startContainer(containerId);
  } catch (error) {
    if (!isEngineError(error, "not-found")) throw error;
  } finally {
    engine.close();
  }
}
