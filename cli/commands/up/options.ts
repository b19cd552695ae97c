import type { Project } from "../../compose/model.js";
import { domainProfile } from "../../compose/profiles.js";
import type { UpOptions } from "../../reconcile/plan-context.js";

/** How long `up` waits for all servers together; a cold start on two cores takes about a minute. */
const defaultWaitTimeoutSeconds = 300;

export interface UpSetting {
  readonly plan: UpOptions;
  readonly wait: boolean;
  readonly waitTimeoutMs: number;
  readonly adopt: boolean;
  readonly verify: boolean;
  /** --dry-run --exit-code */
  readonly exitCode: boolean;
}

type Values = Readonly<Record<string, unknown>>;

/** The command's options as the planner and the waiting code take them. */
export function readUpSetting(
  values: Values,
  services: readonly string[],
  secretKeys: ReadonlySet<string>,
): UpSetting {
  const waitTimeoutSeconds = (values.waitTimeout as number | undefined) ?? defaultWaitTimeoutSeconds;
  return {
    plan: {
      services,
      exclude: (values.exclude as string[] | undefined) ?? [],
      noDeps: values.deps === false,
      forceRecreate: values.forceRecreate === true,
      removeOrphans: values.removeOrphans === true,
      build: values.build === true,
      secretNames: [...secretKeys],
      // Unset, each service's pull_policy decides.
      ...(values.pull === undefined ? {} : { pull: values.pull as NonNullable<UpOptions["pull"]> }),
      ...(values.timeout === undefined ? {} : { timeoutSeconds: values.timeout as number }),
    },
    wait: values.wait !== false,
    waitTimeoutMs: waitTimeoutSeconds * 1000,
    adopt: values.adopt === true,
    verify: values.verify === true,
    exitCode: values.exitCode === true,
  };
}

/** What `up` starts beside what plain Compose would: the domain services. */
export function profilesOf(values: Values): string[] {
  return values.infra === true ? [] : [domainProfile];
}

/** With --infra the services that stand in a profile are left out, also when the profile is switched on. */
export function excludeProfiled(setting: UpSetting, project: Project): UpSetting {
  const profiled = Object.entries(project.services)
    .filter(([, service]) => (service.profiles ?? []).length > 0)
    .map(([name]) => name);
  return { ...setting, plan: { ...setting.plan, exclude: [...(setting.plan.exclude ?? []), ...profiled] } };
}
