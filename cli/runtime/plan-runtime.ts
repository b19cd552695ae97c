import {
  isUp,
  type RuntimeStatus,
  type ServiceSetting,
  type ServiceStatus,
} from "../../contracts/embedded-control.js";

export interface RuntimePlan {
  /** "start": no process runs; "restart": it runs with other settings; "add": it runs, and some services do not. */
  readonly action: "start" | "restart" | "add" | "nothing";
  /** Services that are to be started, in the order of the settings. */
  readonly services: readonly string[];
  /** Of a restart, each in a few words. */
  readonly causes: readonly string[];
}

export interface PlanRequest {
  readonly settings: readonly ServiceSetting[];
  readonly version: string;
  /** What `up` is to start. */
  readonly wanted: ReadonlySet<string>;
  readonly running: RuntimeStatus | undefined;
  readonly forceRestart: boolean;
}

/** What `up` has to do. A restart starts again also what ran and was not asked for. */
export function planRuntime({ settings, version, wanted, running, forceRestart }: PlanRequest): RuntimePlan {
  const names = settings.map(({ name }) => name);
  if (running === undefined) {
    return { action: "start", services: names.filter((name) => wanted.has(name)), causes: [] };
  }
  const before = new Map(running.services.map((status) => [status.name, status]));
  const active = (name: string): boolean => {
    const status = before.get(name);
    return status !== undefined && isUp(status);
  };
  const causes = [
    ...(forceRestart ? ["asked for with --force-recreate"] : []),
    ...(running.version === version ? [] : [`mybroker ${running.version} -> ${version}`]),
    ...settings.flatMap((setting) => describeChanges(setting, before.get(setting.name))),
    ...running.services
      .filter(({ name }) => !names.includes(name))
      .map(({ name }) => `${name}: no longer in the compose file`),
  ];
  if (causes.length > 0) {
    return { action: "restart", services: names.filter((name) => wanted.has(name) || active(name)), causes };
  }
  const services = names.filter((name) => wanted.has(name) && !active(name));
  return { action: services.length > 0 ? "add" : "nothing", services, causes };
}

/** "rabbitmq: password, port changed" */
function describeChanges({ name, basis }: ServiceSetting, status: ServiceStatus | undefined): string[] {
  if (status === undefined) return [`${name}: new in the compose file`];
  const changed = Object.keys({ ...basis, ...status.basis }).filter(
    (key) => basis[key] !== status.basis[key],
  );
  return changed.length === 0 ? [] : [`${name}: ${changed.sort().join(", ")} changed`];
}
