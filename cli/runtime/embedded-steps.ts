/** What a dry run of the embedded runtime says: the same shape as a plan's steps on Docker. */
export interface EmbeddedStep {
  readonly action:
    | "start-runtime"
    | "restart-runtime"
    | "stop-runtime"
    | "start-service"
    | "stop-service"
    | "restart-service"
    | "remove-data";
  readonly name: string;
  readonly cause: string;
}

/** For a JSON document. */
export function stepsToData(steps: readonly EmbeddedStep[]): unknown {
  const data = steps.map(({ action, name, cause }) => ({
    id: `${action} ${name}`,
    action,
    name,
    cause,
    changes: [],
    dependsOn: [],
  }));
  return { steps: data, warnings: [] };
}

/** A line a step. */
export function renderSteps(steps: readonly EmbeddedStep[]): string[] {
  if (steps.length === 0) return ["Nothing to do."];
  const heads = steps.map(({ action, name }) => `${action.replace("-", " ")} ${name}`);
  const width = Math.max(...heads.map((head) => head.length));
  return steps.map(({ cause }, index) => `${heads[index]?.padEnd(width)}  ${cause}`);
}
