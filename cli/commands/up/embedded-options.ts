import type { Project } from "../../compose/model.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import { selectServices } from "../../reconcile/select-services.js";
import { embeddableServices } from "../../runtime/runtime-settings.js";

export interface EmbeddedSetting {
  /** Names of the services that are to run. */
  readonly wanted: ReadonlySet<string>;
  readonly foreground: boolean;
  readonly forceRestart: boolean;
  /** Log in also where nothing changed, and have stores checked. */
  readonly verify: boolean;
  readonly wait: boolean;
  readonly waitTimeoutMs: number;
  /** For a process that is restarted; undefined: its own limit. */
  readonly stopTimeoutMs: number | undefined;
  readonly exitCode: boolean;
}

/** Reading back what brokers hold takes seconds at most; more means that it hangs. */
const defaultWaitSeconds = 60;

/**
 * The command's options as they matter here; those for images and containers have nothing to do.
 * @throws MybrokerError usage.unknown-service, usage.docker-only (exit 2)
 */
export function readEmbeddedSetting(request: CommandRequest, project: Project): EmbeddedSetting {
  const { args, options } = request;
  const exclude = (options.exclude as string[] | undefined) ?? [];
  const selected = selectServices(project, { services: args, exclude }).filter(
    // What is named is meant, whatever profile it is in.
    (name) => !(options.infra === true && args.length === 0 && project.services[name]?.profiles?.length),
  );
  const embeddable = new Set(embeddableServices(project).map(({ name }) => name));
  if (embeddable.size === 0) throw nothingEmbedded(project);
  const unfit = args.find((name) => !embeddable.has(name));
  if (unfit !== undefined) throw dockerOnly(unfit);
  return {
    wanted: new Set(selected.filter((name) => embeddable.has(name))),
    foreground: options.foreground === true,
    forceRestart: options.forceRecreate === true,
    verify: options.verify === true,
    wait: options.wait !== false,
    waitTimeoutMs: ((options.waitTimeout as number | undefined) ?? defaultWaitSeconds) * 1000,
    stopTimeoutMs: options.timeout === undefined ? undefined : (options.timeout as number) * 1000,
    exitCode: options.exitCode === true,
  };
}

function nothingEmbedded({ name }: Project): MybrokerError {
  return new MybrokerError({
    code: "usage.docker-only",
    message: `no service of ${name} has an embedded form: none has an x-mybroker of a broker, a store or a domain service`,
    hint: "With Docker:  {mybroker} up --runtime docker",
    exitCode: exitCodes.usage,
  });
}

function dockerOnly(service: string): MybrokerError {
  return new MybrokerError({
    code: "usage.docker-only",
    message: `${service} has no embedded form: it runs on Docker only`,
    hint: `With Docker:  {mybroker} up --runtime docker ${service}`,
    exitCode: exitCodes.usage,
    details: { service },
  });
}
