import { composeLabels, notOneOff, ofProject } from "../compose/label-names.js";
import type { ContainerDetails, ContainerSummary } from "../engine/engine.js";

/** Labels of all ordinary containers of a project, or of every project; those of `compose run` are left out. */
export function containerLabels(project?: string): string[] {
  return [project === undefined ? composeLabels.project : ofProject(project), notOneOff];
}

/** What a person wants to know of a container, in one word. */
export type ContainerCondition =
  | "ready"
  | "running"
  | "starting"
  | "unhealthy"
  | "created"
  | "paused"
  | "restarting"
  | "done"
  | "exited";

export interface ContainerView {
  readonly project: string;
  readonly service: string;
  readonly container: string;
  readonly id: string;
  readonly image: string;
  readonly condition: ContainerCondition;
  /** null while it runs. */
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
  readonly restarts: number;
  /** RFC 3339; null when it never started. */
  readonly startedAt: string | null;
  /** Published addresses, "127.0.0.1:9092", in order of the container's ports. */
  readonly addresses: readonly string[];
}

/** Joins the two answers of the engine about one container. */
export function viewContainer(summary: ContainerSummary, details: ContainerDetails): ContainerView {
  const running = details.State.Running;
  const published = [...summary.ports]
    .filter((port) => port.hostPort !== undefined)
    .sort((left, right) => left.containerPort - right.containerPort)
    .map(
      (port) =>
        `${port.hostIp === "" || port.hostIp === undefined ? "0.0.0.0" : port.hostIp}:${port.hostPort}`,
    );
  return {
    project: summary.labels[composeLabels.project] ?? "",
    service: summary.labels[composeLabels.service] ?? summary.name,
    container: summary.name,
    id: summary.id,
    image: summary.image,
    condition: judgeCondition(details),
    exitCode: running ? null : details.State.ExitCode,
    outOfMemory: details.State.OOMKilled,
    restarts: details.RestartCount,
    startedAt: details.State.StartedAt.startsWith("0001") ? null : details.State.StartedAt,
    addresses: [...new Set(published)],
  };
}

/** "ready" needs a healthcheck that passed; a container without one can only be said to run. */
function judgeCondition({ State }: ContainerDetails): ContainerCondition {
  switch (State.Status) {
    case "running":
      if (State.Health === undefined || State.Health.Status === "none") return "running";
      return State.Health.Status === "healthy" ? "ready" : State.Health.Status;
    case "exited":
    case "dead":
      return State.ExitCode === 0 ? "done" : "exited";
    case "removing":
      return "exited";
    default:
      return State.Status;
  }
}
