import { basename } from "node:path";
import type { Project } from "../../compose/model.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";

/**
 * A file without services is a mistake; one whose services are all in profiles wants one of them named.
 * @throws MybrokerError compose.no-services, exit 2
 */
export function checkServicesThere({ services, disabledServices, files }: Project): void {
  if (Object.keys(services).length > 0) return;
  const profiles = Object.values(disabledServices).flatMap((service) => service.profiles ?? []);
  const file = basename(files[0] ?? "the compose file");
  throw new MybrokerError({
    code: "compose.no-services",
    message:
      profiles.length === 0
        ? `${file} has no services`
        : `every service of ${file} is in a profile, and none is switched on`,
    hint:
      profiles.length === 0
        ? "write one below services:, or name another file:  {mybroker} -f FILE up"
        : `{mybroker} --profile ${profiles[0]} up`,
    exitCode: exitCodes.usage,
    details: { files, profiles: [...new Set(profiles)] },
  });
}
