import type { ProbeTarget } from "../../ready/probe.js";
import { healthPath } from "../../ready/servers/http.js";
import { askHttp, type HttpAnswer, isGrafanaHealth } from "../../ready/servers/http-request.js";
import { type Finding, fine } from "../check.js";
import { checkServers, type Examination } from "./examine.js";
import { examineDatasources } from "./grafana.js";
import { examineTargets, isPrometheus } from "./prometheus.js";
import { findUnlockLine } from "./unlock-line.js";

export const pageCheck = checkServers({
  kind: "http",
  title: "every page answers, Prometheus reaches its targets, Grafana its data sources",
  finds: ["prometheus.target-down", "prometheus.missing-target", "grafana.datasource"],
  examine: (examination) => [examinePage(examination)],
});

/** Which program it is, its own answers say. */
async function examinePage(examination: Examination): Promise<readonly Finding[]> {
  const { facts, target, session } = examination;
  const startedMs = performance.now();
  const health = await askHttp({ target, session, path: healthPath(target.extension.healthUrl) });
  if (isGrafanaHealth(health.body)) {
    const refused = await refuseLogin(examination, await logInToGrafana(examination));
    if (refused !== undefined) return [refused];
    return orFine(target, startedMs, await examineDatasources(examination));
  }
  if (isPrometheus(health)) return orFine(target, startedMs, await examineTargets(facts, target, session));
  if (isKafkaUi(facts.project.services[target.service]?.environment)) {
    const refused = await refuseLogin(examination, await logInToKafkaUi(examination));
    if (refused !== undefined) return [refused];
  }
  return orFine(target, startedMs, []);
}

function orFine(target: ProbeTarget, startedMs: number, findings: readonly Finding[]): readonly Finding[] {
  if (findings.length > 0) return findings;
  const tookMs = Math.round(performance.now() - startedMs);
  return [fine("page.works", target.service, `answers, ${tookMs} ms`)];
}

async function refuseLogin(
  { facts, target }: Examination,
  refused: string | undefined,
): Promise<Finding | undefined> {
  if (refused === undefined) return undefined;
  const { service, host, port } = target;
  const message = `${service} at ${host}:${port} refuses the login of .env: ${refused}`;
  const fix = await findUnlockLine(facts, target);
  return { id: "page.login-refused", subject: service, level: "error", message, fix };
}

async function logInToGrafana({ target, session }: Examination): Promise<string | undefined> {
  const { user = "admin", password } = target;
  if (password === undefined) return undefined;
  const { status } = await askHttp({ target, session, path: "/api/user", login: { user, password } });
  return status === 401 ? `HTTP 401 for the user ${user}` : undefined;
}

/** https://ui.docs.kafbat.io: AUTH_TYPE=LOGIN_FORM shows a form at /login. */
function isKafkaUi(environment: Readonly<Record<string, string | null>> = {}): boolean {
  const names = Object.keys(environment);
  return environment.AUTH_TYPE === "LOGIN_FORM" && names.some((name) => name.startsWith("KAFKA_CLUSTERS_"));
}

/** Spring's form sends back to itself with ?error where it refuses; anything else says nothing of the login. */
async function logInToKafkaUi({ target, session }: Examination): Promise<string | undefined> {
  const { user = "", password = "" } = target;
  const form = new URLSearchParams({ username: user, password }).toString();
  const answer: HttpAnswer = await askHttp({ target, session, path: "/login", method: "POST", form });
  return answer.status === 302 && /\/login\?error/.test(answer.location) ? "the form comes back" : undefined;
}
