import { join } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { quoteForShell } from "../errors/quote-for-shell.js";
import type { LostSecret } from "./recover-secrets.js";
import type { EnvBackup } from "./state-folder.js";

/** The refusal (exit 3) to make passwords that existing volumes would not accept, with every way out. */
export function lockedOutError(facts: {
  readonly folder: string;
  readonly projectName: string;
  readonly lost: readonly LostSecret[];
  /** The copy of .env that fits. */
  readonly backup: EnvBackup | undefined;
}): MybrokerError {
  const volumes = [...new Set(facts.lost.flatMap((secret) => secret.volumes))];
  const keys = facts.lost.map(({ key }) => key);
  const envPath = join(facts.folder, ".env");
  const { backup } = facts;
  const restore =
    backup === undefined
      ? `Put your old .env back at ${envPath}`
      : `Put back the .env of ${backup.savedAt}:  cp ${quoteForShell(backup.path)} ${quoteForShell(envPath)}`;
  return new MybrokerError({
    code: "env.locked-out",
    message: `${volumes.length} ${volumes.length === 1 ? "volume" : "volumes"} of project ${facts.projectName} were made with passwords that no .env and no container knows any more; nothing was written.`,
    lines: [
      `Volumes  ${volumes.join(", ")}`,
      `Keys     ${keys.join(", ")}`,
      "Or       delete these volumes with their data:  {mybroker} down --volumes",
      "Or       start an empty project beside it:  {mybroker} -p OTHER-NAME up",
    ],
    hint: restore,
    exitCode: exitCodes.machine,
    details: { volumes, keys, backup: backup?.path ?? null },
  });
}
