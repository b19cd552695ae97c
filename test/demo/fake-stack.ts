import { type FakeEngine, startFakeEngine } from "../../cli/engine/testing/fake-engine.js";
import { stack } from "../../contracts/testing/stack-files.js";

/** What `docker inspect` says in State, as far as it is looked at. */
type State = Readonly<Record<string, unknown>>;

export const healthy: State = { Status: "running", Running: true, Health: { Status: "healthy" } };
export const starting: State = { Status: "running", Running: true, Health: { Status: "starting" } };
export const unhealthy: State = { Status: "running", Running: true, Health: { Status: "unhealthy" } };
export const stopped: State = { Status: "exited", Running: false, ExitCode: 143 };
export const crashed: State = { Status: "exited", Running: false, ExitCode: 1 };

/** An engine that has a container for each service of the shipped stack, all well but for `others` (null: none). */
export async function startFakeStack(
  others: Readonly<Record<string, State | null>> = {},
): Promise<FakeEngine> {
  const containers = Object.keys(stack.services).flatMap((name) => {
    const state = others[name] === undefined ? healthy : others[name];
    return state === null ? [] : [{ name, state }];
  });
  return startFakeEngine({
    routes: {
      "GET /containers/json": {
        json: containers.map(({ name, state }) => ({
          ...{
            Id: name,
            Names: [`/mybroker-${name}-1`],
            Image: name,
            State: state.Status,
            Created: 0,
            Ports: [],
          },
          Labels: { "com.docker.compose.project": "mybroker", "com.docker.compose.service": name },
        })),
      },
      ...Object.fromEntries(
        containers.map(({ name, state }) => [
          `GET /containers/${name}/json`,
          {
            json: {
              ...{ Id: name, Name: `/mybroker-${name}-1`, Image: "sha256:1", RestartCount: 0 },
              State: { ExitCode: 0, OOMKilled: false, StartedAt: "2026-11-22T10:00:00Z", ...state },
            },
          },
        ]),
      ),
    },
  });
}
