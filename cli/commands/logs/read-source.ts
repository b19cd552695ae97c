import { composeLabels } from "../../compose/label-names.js";
import type { Engine, LogOptions } from "../../engine/engine.js";
import { type LogLine, readLogLines } from "../../stack/log-lines.js";

/** A container whose log is read. */
export interface LogSource {
  readonly id: string;
  readonly service: string;
  readonly container: string;
}

export interface SourceLine extends LogLine {
  readonly containerId: string;
  readonly service: string;
  readonly container: string;
}

/** From a container of a listing or from an event about one: both have its labels. */
export function sourceOf(container: {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}): LogSource {
  const { id, name, labels } = container;
  return { id, service: labels[composeLabels.service] ?? name, container: name };
}

export async function* readSource(
  engine: Engine,
  { id, service, container }: LogSource,
  options: LogOptions,
): AsyncGenerator<SourceLine> {
  for await (const line of readLogLines(engine.logs(id, options))) {
    yield { ...line, containerId: id, service, container };
  }
}
