import type { CommandRequest } from "../../kernel/command.js";
import type { Style } from "../../output/output.js";
import type { SourceLine } from "./read-source.js";

export type Print = (line: Omit<SourceLine, "containerId">) => Promise<void>;

/** Writes lines as text with the service before each, or as JSON records; --grep leaves lines out of both. */
export function createPrinter(
  services: readonly string[],
  project: string,
  { options, output }: CommandRequest,
): Print {
  const names = [...new Set(services)];
  const width = Math.max(0, ...names.map((name) => name.length));
  const pattern = options.grep as RegExp | undefined;
  const prefixed = options.logPrefix !== false;
  return async (line) => {
    if (pattern !== undefined && !pattern.test(line.text)) return;
    const { service, container, channel, time, text } = line;
    if (output.json) return output.record({ service, container, channel, time, text }, project);
    const colour = colourFor(names.indexOf(service), output.style);
    const prefix = prefixed ? `${colour(`${service.padEnd(width)} |`)} ` : "";
    const stamp = options.timestamps === true ? `${time} ` : "";
    await output.line(`${prefix}${stamp}${text}`);
  };
}

/** Neighbours differ; red and yellow are kept for what is wrong. */
function colourFor(index: number, style: Style): (text: string) => string {
  const colours = [style.cyan, style.green, style.bold, style.dim];
  return colours[Math.max(0, index) % colours.length] ?? style.dim;
}
