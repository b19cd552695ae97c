import { existsSync, rmSync } from "node:fs";
import type { RuntimeSettings, RuntimeStatus } from "../../contracts/embedded-control.js";
import { within } from "../../kit/within.js";
import { createComponents } from "./components.js";
import { serveControl } from "./control-server.js";
import { openLogFile, type Write } from "./log-file.js";
import { ownFolder } from "./own-folder.js";
import { Services } from "./services.js";

export interface Runtime {
  status(): RuntimeStatus;
  /** Closes everything, once; `ended` resolves then. */
  stop(reason: string): Promise<void>;
  readonly ended: Promise<void>;
  readonly write: Write;
}

/** What does not close within this long is left to the end of the process. */
const stopLimitMs = 10_000;
/** Without its socket nobody could end it any more, and it has the ports. */
const lookMs = 5_000;

/**
 * Owns the data folder, starts all services at once and answers on the control socket.
 * @throws StartError, or what the file system says; nothing runs then
 */
export async function runRuntime(settings: RuntimeSettings, bundleFolder: string): Promise<Runtime> {
  const { dataFolder, socketPath, logPath, version, foreground } = settings;
  const release = ownFolder(dataFolder);
  const log = openLogFile({ path: logPath, echo: foreground });
  const startedAt = new Date().toISOString();
  log.write("runtime", "info", `mybroker ${version} starts, pid ${process.pid}`);
  const services = new Services(
    createComponents(settings.services, { dataFolder, bundleFolder, write: log.write }),
    log.write,
  );
  const status = (): RuntimeStatus => ({
    version,
    pid: process.pid,
    startedAt,
    residentBytes: process.memoryUsage.rss(),
    dataFolder,
    services: services.statuses,
  });
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let stopping: Promise<void> | undefined;
  const closeAll = (reason: string): Promise<void> => {
    stopping ??= (async () => {
      log.write("runtime", "info", `stops: ${reason}`);
      const closed = await within(services.stopAll(), stopLimitMs).then(
        () => true,
        () => false,
      );
      log.write("runtime", closed ? "info" : "error", closed ? "stopped" : "not everything closed in time");
      rmSync(socketPath, { force: true });
      if (closed) release();
    })();
    return stopping;
  };
  const [server] = await Promise.all([
    serveControl(socketPath, { services, status, stop: () => closeAll("asked to"), ended: end }),
    services.startAll(),
  ]).catch(async (error: unknown) => {
    await closeAll("it could not start");
    throw error;
  });
  const stop = async (reason: string): Promise<void> => {
    await closeAll(reason);
    server.close();
    end();
  };
  setInterval(() => {
    if (!existsSync(socketPath)) void stop("its folder is gone");
  }, lookMs);
  return { status, write: log.write, ended, stop };
}
