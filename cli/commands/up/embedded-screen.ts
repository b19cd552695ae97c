import { isStoreKind, type RuntimeStatus, type ServiceStatus } from "../../../contracts/embedded-control.js";
import { nextWithOrders, takesOrders } from "../../brokerage/parts.js";
import type { Project } from "../../compose/model.js";
import type { MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import type { Style } from "../../output/output.js";
import { countOf, formatDuration, wrap } from "../../output/units.js";
import { type EmbeddedStep, renderSteps, stepsToData } from "../../runtime/embedded-steps.js";
import type { RuntimePlan } from "../../runtime/plan-runtime.js";
import type { Proof } from "../../runtime/probe-services.js";
import { dockerOnlyServices } from "../../runtime/runtime-settings.js";

/** The first lines: where it runs, and for a first run without Docker why, and how it would be with it. */
export function introduce({ context, output }: CommandRequest, because: MybrokerError | undefined): void {
  // Where Docker was tried for its images, the first line is written already.
  const first = context.env.CI && !because?.code.startsWith("images.");
  if (first) output.note("Runtime: embedded");
  if (because === undefined) return;
  const lines = [
    ...wrap(`${describeCause(because)}${first ? "" : ": running embedded, in one process"}.`),
    ...wrap(`For the real servers: ${describeWay(because)}, then`),
  ];
  const command = `${context.invocation} up --runtime docker`;
  const last = lines.pop() ?? "";
  lines.push(...(last.length + command.length > 76 ? [last, `  ${command}`] : [`${last}  ${command}`]));
  for (const line of lines) output.note(line);
  for (const line of because.lines) output.debug(line);
}

function describeCause({ code, message, details }: MybrokerError): string {
  const { url } = (details ?? {}) as { url?: string };
  if (code === "engine.absent" && url?.startsWith("unix://")) {
    return `No Docker engine at ${url.slice("unix://".length)}`;
  }
  if (code === "images.unavailable") return describeImages(details as ImageDetails);
  return `${message[0]?.toUpperCase()}${message.slice(1).replace(/\.$/, "")}`;
}

interface ImageDetails {
  readonly images: readonly { readonly kind: string; readonly reason?: string }[];
}

/** "9 images are missing and their registry does not answer (connection refused)" */
function describeImages({ images }: ImageDetails): string {
  const answer = images.find(({ kind }) => kind === "unreachable");
  const last = answer?.reason?.split(": ").at(-1);
  const why = last === undefined ? "" : ` (${last})`;
  const count = images.length === 1 ? "1 image is" : `${images.length} images are`;
  const what = answer === undefined ? "refuses more pulls for now" : `does not answer${why}`;
  return `${count} missing and the registry ${what}`;
}

/** What to do about it, without the command that follows. */
function describeWay({ code, hint = "mend Docker" }: MybrokerError): string {
  return code === "engine.absent" ? "start Docker" : hint.replace(/,? *(then)? *\{mybroker\} up$/, "");
}

/** How many domain services have a row of their own. */
const domainRows = 2;

/** A row for each broker and the first domain services; the others, and the stores, in a row each. */
export function showReady({ output }: CommandRequest, services: readonly ServiceStatus[]): void {
  const domain = services.filter(({ kind }) => kind === "service");
  const stores = services.filter(({ kind }) => isStoreKind(kind));
  const brokers = services.filter((service) => !domain.includes(service) && !stores.includes(service));
  const others = domain.slice(domainRows);
  const row = (label: string, readyMs: number, where: string): void => {
    const text = `ready  ${formatDuration(readyMs).padStart(7)}  ${where}`.trimEnd();
    output.progress({ id: `service/${label}`, label, status: "done", text });
  };
  const slowest = (group: readonly ServiceStatus[]) => Math.max(...group.map(({ readyMs }) => readyMs ?? 0));
  for (const { name, readyMs, address, kind } of [...domain.slice(0, domainRows), ...brokers]) {
    row(name, readyMs ?? 0, `${kind === "service" ? "http://" : ""}${address}`);
  }
  if (others.length > 0) row(`… ${others.length} more`, slowest(others), "");
  if (stores.length > 0) row(countOf(stores.length, "store"), slowest(stores), "SQLite files");
  output.progressDone();
}

interface Summary {
  readonly ready: readonly Proof[];
  readonly status: RuntimeStatus;
  readonly changed: boolean;
  readonly elapsedMs: number;
  readonly project: Project;
}

/** The last lines of `up`: how it went, what there is not, and what to type next. */
export function renderEmbedded(
  { ready, status, changed, elapsedMs, project }: Summary,
  style: Style,
): string[] {
  const took = formatDuration(elapsedMs);
  const where = `one process, pid ${status.pid}`;
  const headline = changed
    ? `${ready.length} ready in ${took}, embedded (${where}).`
    : `${ready.length} ready, nothing to do (${took}; ${where}).`;
  const absent = dockerOnlyServices(project);
  const broker = status.services.find(({ address }) => address !== null)?.name ?? "";
  const usual = `Next:  {mybroker} ps      {mybroker} logs -f      ${`{mybroker} env ${broker}`.trim()}`;
  return [
    style.bold(headline),
    ...(changed && absent.length > 0 ? [`On Docker only: ${absent.join(", ")}, web pages of servers.`] : []),
    takesOrders(ready.map(({ service }) => service)) ? nextWithOrders : usual,
  ];
}

/** What a dry run says. */
export function describeEmbeddedPlan(plan: RuntimePlan, project: string): { data: unknown; text: string[] } {
  const steps: EmbeddedStep[] = [];
  if (plan.action === "start") {
    steps.push({ action: "start-runtime", name: project, cause: "does not run" });
  }
  if (plan.action === "restart") {
    steps.push({ action: "restart-runtime", name: project, cause: plan.causes.join("; ") });
  }
  for (const name of plan.services) {
    steps.push({
      action: "start-service",
      name,
      cause: plan.action === "add" ? "does not run" : "part of it",
    });
  }
  const head = steps.length === 0 ? [] : [`Embedded, ${countOf(plan.services.length, "service")}:`];
  return { data: stepsToData(steps), text: [...head, ...renderSteps(steps)] };
}
