import { quoteForShell } from "../errors/quote-for-shell.js";

/** Opens the file where the matter stands: "docker-compose.yml:77". */
export function editCommand(place: string): string {
  const [, file = place, line = "1"] = /^(.*):(\d+)$/.exec(place) ?? [];
  return `\${EDITOR:-vi} +${line} ${quoteForShell(file)}`;
}
