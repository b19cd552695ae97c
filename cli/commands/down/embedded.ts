import { readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { exitCodes } from "../../errors/mybroker-error.js";
import type { CommandRequest, CommandResult } from "../../kernel/command.js";
import { formatBytes, formatDuration } from "../../output/units.js";
import { askStatus } from "../../runtime/control-client.js";
import { type EmbeddedStep, renderSteps, stepsToData } from "../../runtime/embedded-steps.js";
import { forgetProject, hasDataElsewhere } from "../../runtime/forget-project.js";
import type { Place } from "../../runtime/place.js";
import { explainPlaceError } from "../../runtime/problem-text.js";
import { stopRuntime } from "../../runtime/stop-runtime.js";
import { stopTimeoutOf } from "../../stack/stop-timeout.js";
import { whileLocked } from "../../stack/while-locked.js";

/** `down` of the embedded runtime: the process ends; its data goes only when asked for. */
export function takeDownEmbedded(request: CommandRequest, place: Place): Promise<CommandResult> {
  const project = { name: place.name, folder: place.projectFolder };
  return whileLocked(request, project, () => takeDown(request, place));
}

async function takeDown(request: CommandRequest, place: Place): Promise<CommandResult> {
  const { globals, options, output } = request;
  const startedMs = performance.now();
  const dataBytes = sizeOf(place.dataFolder);
  const removes = options.volumes === true && dataBytes !== undefined;
  if (globals.dryRun) return showPlan(place, removes);
  if (removes) {
    output.note(
      `This folder and all data in it is removed:  ${place.dataFolder}  (${formatBytes(dataBytes)})`,
    );
    if (!(await output.confirm("Remove it for good?", "--yes"))) {
      return {
        project: place.name,
        data: { removed: null },
        text: ["Nothing was removed."],
        exitCode: exitCodes.no,
      };
    }
  }
  const { timeoutSeconds } = stopTimeoutOf(options);
  // -1: for ever, as near as a timer comes to it.
  const stopMs =
    timeoutSeconds === undefined ? undefined : timeoutSeconds < 0 ? longestTimerMs : timeoutSeconds * 1000;
  const pid = await stopRuntime(place, stopMs);
  if (removes) remove(place);
  const elsewhere = options.volumes === true && (await forget(request, place));
  const elapsedMs = performance.now() - startedMs;
  return {
    project: place.name,
    data: describe({ place, pid, removes, dataBytes, elapsedMs }),
    text: [
      headline(place, { pid, removes, elapsedMs }),
      ...(dataBytes === undefined || removes
        ? []
        : [`Data stays (${formatBytes(dataBytes)}); to remove it:  {mybroker} down --volumes`]),
      ...(elsewhere ? ["What Docker has of it stays:  {mybroker} --runtime docker down --volumes"] : []),
      "Next:  {mybroker} up",
    ],
  };
}

const longestTimerMs = 2 ** 31 - 1;

async function showPlan(place: Place, removes: boolean): Promise<CommandResult> {
  const running = (await askStatus(place)) !== undefined;
  const steps: EmbeddedStep[] = [
    ...(running ? [{ action: "stop-runtime", name: place.name, cause: "runs" } as const] : []),
    ...(removes ? [{ action: "remove-data", name: place.dataFolder, cause: "asked for" } as const] : []),
  ];
  return { project: place.name, data: { plan: stepsToData(steps) }, text: renderSteps(steps) };
}

function remove(place: Place): void {
  try {
    rmSync(place.folder, { recursive: true, force: true });
    removeSocketFolder(place);
  } catch (error) {
    throw explainPlaceError(error, place);
  }
}

/** Where the path was too long the socket lay elsewhere, in a folder that other projects may share. */
function removeSocketFolder({ folder, socketPath }: Place): void {
  if (dirname(socketPath) === folder) return;
  rmSync(socketPath, { force: true });
  try {
    rmdirSync(dirname(socketPath));
  } catch {
    // Another project's socket is in it, or there never was one.
  }
}

/** Of the project's notes what nothing needs any more; true where it also has volumes on Docker. */
async function forget({ context, options }: CommandRequest, place: Place): Promise<boolean> {
  const { name, state, projectFolder: folder } = place;
  const elsewhere = await hasDataElsewhere(context, { name, folder }, "embedded");
  if (!elsewhere && options.rmi === "all") await forgetProject(state, name);
  return elsewhere;
}

interface Ending {
  readonly pid: number | undefined;
  readonly removes: boolean;
  readonly elapsedMs: number;
}

function headline({ name }: Place, { pid, removes, elapsedMs }: Ending): string {
  const took = `in ${formatDuration(elapsedMs)}`;
  if (pid === undefined) {
    return removes ? `Removed the data ${took}.` : `Nothing to remove: ${name} is down.`;
  }
  return `Stopped the process ${pid}${removes ? " and removed its data" : ""} ${took}.`;
}

function describe(
  facts: Ending & { readonly place: Place; readonly dataBytes: number | undefined },
): unknown {
  const { pid, removes, elapsedMs, place, dataBytes } = facts;
  return {
    removed: {
      containers: [],
      networks: [],
      volumes: [],
      images: [],
      keptVolumes: [],
      process: pid ?? null,
      dataFolder: removes ? place.dataFolder : null,
      keptDataFolder: removes || dataBytes === undefined ? null : place.dataFolder,
    },
    elapsedMs: Math.round(elapsedMs),
  };
}

/** Bytes of all files below; undefined where there is no such folder. */
function sizeOf(folder: string): number | undefined {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return undefined;
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce((total, name) => {
    // A file that is gone meanwhile counts nothing.
    const facts = statSync(join(folder, name), { throwIfNoEntry: false });
    return total + (facts?.isFile() ? facts.size : 0);
  }, 0);
}
