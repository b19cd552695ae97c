import type { RuntimeStatus, ServiceStatus } from "../../contracts/embedded-control.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { checkServiceNames } from "../stack/service-names.js";
import { askStatus } from "./control-client.js";
import type { Place } from "./place.js";

/**
 * The process that is to be worked on.
 * @throws MybrokerError project.not-running, exit 1
 */
export async function requireRunning(place: Place): Promise<RuntimeStatus> {
  const status = await askStatus(place);
  if (status !== undefined) return status;
  throw new MybrokerError({
    code: "project.not-running",
    message: `${place.name} does not run`,
    hint: "{mybroker} up",
    exitCode: exitCodes.no,
    details: { project: place.name },
  });
}

/** The named services of the process, or all. @throws MybrokerError usage.unknown-service, exit 2 */
export function pickServices({ services }: RuntimeStatus, asked: readonly string[]): ServiceStatus[] {
  checkServiceNames(
    asked,
    services.map(({ name }) => name),
  );
  return services.filter(({ name }) => asked.length === 0 || asked.includes(name));
}
