import type { Project } from "../compose/model.js";
import { unknownService } from "../errors/unknown-service.js";

/**
 * Checks that every asked service is one of the known.
 * @throws MybrokerError usage.unknown-service, exit 2, with the nearest name
 */
export function checkServiceNames(asked: readonly string[], known: readonly string[]): void {
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownService(unknown, known);
}

/** Names of the services of the files, those that are switched off last; none where no file could be read. */
export function serviceNamesOf(project: Project | undefined): string[] {
  return Object.keys({ ...project?.services, ...project?.disabledServices });
}
