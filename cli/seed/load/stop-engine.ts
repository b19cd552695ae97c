import { isUp } from "../../../contracts/embedded-control.js";
import { composeLabels } from "../../compose/label-names.js";
import { connectEngine } from "../../engine/connect.js";
import { stopIfThere } from "../../engine/tolerate.js";
import { openProjectState, type ProjectState } from "../../env/state-folder.js";
import type { CommandRequest } from "../../kernel/command.js";
import { findReplaced } from "../../replace/replaced.js";
import { actOnService, askStatus } from "../../runtime/control-client.js";
import type { Place } from "../../runtime/place.js";
import { containerLabels } from "../../stack/container-state.js";
import { engineService, type FoundStores } from "../stores.js";

/** The matching engine, as it runs on this runtime. */
interface EngineSwitch {
  readonly runs: boolean;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): void;
}

/**
 * Runs the work while the matching engine stands still, which has the book in its memory and reads it from its store
 * at its start. It is started again whatever comes of the work, if it ran before; also one that a run which was killed
 * has left standing. Returns whether it runs afterwards.
 */
export async function whileEngineStands<Result>(
  request: CommandRequest,
  stores: FoundStores,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly runs: boolean }> {
  const { name, folder } = stores.project;
  const state = await openProjectState(request.context, folder);
  const [pid] = (await findReplaced(state, [engineService])).values();
  if (pid !== undefined) {
    request.output.note(
      `${engineService}: a program is in its place (pid ${pid}). Start it again when this is done, so that it reads its book anew.`,
    );
    return { result: await work(), runs: true };
  }
  const engine = await (stores.place === undefined
    ? findContainer(request, name)
    : findEmbedded(stores.place));
  const record = `seed-stopped-engine-${name}`;
  const leftStanding = (await state.readRecord(record)) === true;
  try {
    if (!engine.runs && !leftStanding) return { result: await work(), runs: false };
    await remember(state, record, true);
    if (engine.runs) await engine.stop();
    try {
      return { result: await work(), runs: true };
    } finally {
      await engine.start();
      await remember(state, record, false);
    }
  } finally {
    engine.close();
  }
}

/** Only a run that is killed has a use for it. */
async function remember(state: ProjectState, record: string, stopped: boolean): Promise<void> {
  await state.writeRecord(record, stopped).catch(() => {});
}

async function findContainer({ context }: CommandRequest, project: string): Promise<EngineSwitch> {
  const engine = await connectEngine(context);
  const containers = await engine.listContainers({ labels: containerLabels(project) });
  const container = containers.find(({ labels }) => labels[composeLabels.service] === engineService);
  const id = container?.id;
  return {
    runs: container?.state === "running",
    stop: async () => void (id !== undefined && (await stopIfThere(engine, id, undefined))),
    start: async () => void (id !== undefined && (await engine.startContainer(id))),
    close: () => engine.close(),
  };
}

async function findEmbedded(place: Place): Promise<EngineSwitch> {
  const service = (await askStatus(place))?.services.find(({ name }) => name === engineService);
  return {
    runs: service !== undefined && isUp(service),
    stop: async () => void (await actOnService(place, engineService, "stop")),
    start: async () => void (await actOnService(place, engineService, "start")),
    close: () => {},
  };
}
