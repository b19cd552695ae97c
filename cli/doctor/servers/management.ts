import type { ManagementAddress } from "../../../kit/rabbitmq-management.js";
import type { ProbeTarget } from "../../ready/probe.js";
import { askHttp } from "../../ready/servers/http-request.js";
import type { DoctorFacts } from "../check.js";
import { withSession } from "./with-session.js";

/** Where a RabbitMQ tells of itself; undefined where its page is not published. */
export async function findManagement(
  facts: DoctorFacts,
  target: ProbeTarget,
): Promise<ManagementAddress | undefined> {
  const { ground } = facts;
  const { service, extension, user = "guest", password = "guest" } = target;
  if (ground.runtime === "embedded") return { socketPath: ground.place.socketPath, service };
  const container = (await facts.containers()).find((each) => each.service === service);
  const bindings = container?.details.NetworkSettings.Ports[`${extension.uiPort}/tcp`] ?? [];
  const port = Number(bindings.find(({ HostPort }) => Number(HostPort) > 0)?.HostPort ?? 0);
  return port === 0 ? undefined : { host: target.host, port, user, password };
}

interface ManagementQuestion {
  readonly path: string;
  readonly method?: "GET" | "POST";
  readonly json?: unknown;
}

interface ManagementAnswer {
  readonly status: number;
  readonly body: unknown;
}

const limitBytes = 4 * 1024 * 1024;

/** What kit/rabbitmq-management.ts does not ask; undefined on the embedded runtime, which has no such page. */
export function askPage(
  target: ProbeTarget,
  address: ManagementAddress,
  question: ManagementQuestion,
): Promise<ManagementAnswer | undefined> {
  if ("socketPath" in address) return Promise.resolve(undefined);
  const { host, port, user, password } = address;
  return withSession(async (session) => {
    const { status, body } = await askHttp({
      ...question,
      session,
      limitBytes,
      target: { ...target, host, port },
      login: { user, password },
    });
    return { status, body: body === "" ? undefined : JSON.parse(body) };
  });
}
