import { countOf, formatDuration } from "../../output/units.js";
import { type DoctorFacts, type Finding, fine, type InspectedContainer } from "../check.js";
import { editCommand } from "../edit-command.js";
import { repairWith } from "../fix/repair-with.js";
import { unpause } from "./unpause.js";

/** A crash this long ago says little of now. */
const recentMs = 10 * 60 * 1000;

/** What `docker stop` and `docker kill` leave: SIGINT, SIGKILL, SIGTERM. */
const stoppedCodes = [0, 130, 137, 143];

export async function checkStates(facts: DoctorFacts): Promise<readonly Finding[]> {
  const [containers, replaced] = await Promise.all([facts.containers(), facts.replaced()]);
  const own = containers.filter(
    ({ service }) => facts.project.services[service] !== undefined && !replaced.has(service),
  );
  return Promise.all(
    own.map(async (container) => {
      const { service, details } = container;
      const limit = details.State.OOMKilled
        ? await facts.placeOf(["services", service, "mem_limit"])
        : undefined;
      return judgeState(container, {
        nowMs: facts.request.context.now(),
        isJob: facts.project.services[service]?.["x-mybroker"] === undefined,
        limitPlace: limit ?? "docker-compose.yml:1",
      });
    }),
  );
}

interface Surroundings {
  readonly nowMs: number;
  /** No server of ours: one that ended with 0 may have done its work. */
  readonly isJob: boolean;
  /** Where its memory limit stands. */
  readonly limitPlace: string;
}

/** The one thing that is most wrong with a container. */
export function judgeState(container: InspectedContainer, surroundings: Surroundings): Finding {
  const { service, summary, details } = container;
  const { State, RestartCount } = details;
  const found = (
    id: string,
    facts: Pick<Finding, "level" | "message" | "fix"> & Partial<Finding>,
  ): Finding => ({ id: `container.${id}`, subject: service, ...facts });
  const restart = repairWith("restart", service);
  const logs = `{mybroker} logs -n 50 ${service}`;
  if (State.OOMKilled) {
    const message = `${service} was ended because it took more memory than its limit`;
    return found("out-of-memory", {
      level: "error",
      message,
      evidence: [`limit at ${surroundings.limitPlace}`],
      fix: editCommand(surroundings.limitPlace),
    });
  }
  if (State.Status === "paused") {
    const repair = unpause(summary.name, details.Id);
    const message = `${service} is paused: it accepts connections and answers nothing`;
    return found("paused", { level: "error", message, fix: repair.command, repair });
  }
  if (State.Status === "restarting") {
    const message = `${service} ends again and again, last with ${State.ExitCode} (${countOf(RestartCount, "restart")})`;
    return found("restarting", { level: "error", message, fix: logs });
  }
  if (!State.Running) return judgeEnded(container, surroundings);
  if (State.Health?.Status === "unhealthy") {
    const message = `${service} fails its healthcheck, ${State.Health.FailingStreak} times in a row`;
    const output = State.Health.Log?.at(-1)?.Output.trim() ?? "";
    const evidence = output === "" ? [] : [output.slice(-400)];
    return found("unhealthy", { level: "error", message, evidence, fix: restart.command, repair: restart });
  }
  const ageMs = surroundings.nowMs - Date.parse(State.StartedAt);
  if (RestartCount > 0 && ageMs < recentMs) {
    const message = `${service} was restarted ${countOf(RestartCount, "time")} by the engine, last ${formatDuration(ageMs)} ago`;
    return found("restarts", { level: "warning", message, fix: logs });
  }
  return fine("container.unhealthy", service, State.Health?.Status ?? "running");
}

function judgeEnded({ service, details: { State } }: InspectedContainer, { isJob }: Surroundings): Finding {
  const repair = repairWith("start", service);
  const facts = { subject: service, fix: repair.command, repair };
  if (State.Status !== "created" && isJob && State.ExitCode === 0) {
    return fine("container.stopped", service, "done");
  }
  if (State.Status === "created" || stoppedCodes.includes(State.ExitCode)) {
    return { id: "container.stopped", level: "warning", message: `${service} is stopped`, ...facts };
  }
  const message = `${service} ended with ${State.ExitCode}${State.Error === "" ? "" : `: ${State.Error}`}`;
  const evidence = [`why:  {mybroker} logs -n 50 ${service}`];
  return { id: "container.exited", level: "error", message, evidence, ...facts };
}
