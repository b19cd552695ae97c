/**
 * Flags that users of Compose type out of habit and that mean something else or nothing here, with what to type
 * instead. Keys: "<command> <flag>", or "* <flag>" for every command; SERVICE stands for a word too many.
 */
const replacements: Readonly<Record<string, string>> = {
  "up -q": "For quiet progress:  {mybroker} --progress quiet up",
  "up --quiet": "For quiet progress:  {mybroker} --progress quiet up",
  "up --quiet-pull": "For quiet progress:  {mybroker} --progress quiet up",
  "up --no-build": "Images are built only when their recipe changed, or with --build:  {mybroker} up",
  "up --no-recreate": "To see what would be recreated and why:  {mybroker} up --dry-run",
  "up --no-start": "To see what would be made:  {mybroker} up --dry-run",
  "up --scale": "One container a service; scale with Compose:  docker compose up --scale",
  "up --abort-on-container-exit": "To follow a service:  {mybroker} logs -f SERVICE",
  "up --attach": "To follow a service:  {mybroker} logs -f SERVICE",
  "up --always-recreate-deps": "To recreate all:  {mybroker} up --force-recreate",
  "up --renew-anon-volumes": "To begin with empty volumes:  {mybroker} down --volumes",
  "up -V": "To begin with empty volumes:  {mybroker} down --volumes",
  "up --timestamps": "For logs with times:  {mybroker} logs -t",
  "ps --format": "For JSON:  {mybroker} ps -o json",
  "ps --filter": "For JSON to filter:  {mybroker} ps -o json",
  "ps --services": "For the names of services:  {mybroker} config --services",
  "ps --no-trunc": "Nothing is cut in:  {mybroker} ps -o json",
  "logs --no-color": "For logs without colour:  {mybroker} --color never logs",
  "pull -q": "For quiet pulling:  {mybroker} pull --quiet",
  "config --format": "For JSON:  {mybroker} config -o json",
  "config -q": "To check only:  {mybroker} config --progress quiet",
  "down SERVICE": "To stop single services:  {mybroker} stop SERVICE",
  "down -y": "The flag stands before the command too:  {mybroker} -y down",
  "* --ansi": "For colours:  {mybroker} --color never",
  "* --compatibility": "Names are those of Compose 2; there is no compatibility mode",
  "* --parallel": "Work is always done in parallel",
  "* --verbose": "For more about what happens:  {mybroker} --debug",
};

/** Our answer to a flag of Compose that we do not have; undefined where it is not one. */
export function describeComposeFlag(command: string, flag: string): string | undefined {
  return replacements[`${command} ${flag}`] ?? replacements[`* ${flag}`];
}
