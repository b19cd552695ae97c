import { populate } from "dotenv";

/**
 * The environment that a compose file is interpolated with: the shell's, with what .env adds. A name that the
 * shell has wins, also when its value is empty, as in Compose.
 */
export function overlayEnvironment(
  shell: Readonly<Record<string, string | undefined>>,
  fileValues: Readonly<Record<string, string>>,
): Record<string, string> {
  const environment = Object.fromEntries(
    Object.entries(shell).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  populate(environment, fileValues);
  return environment;
}
