import { composeLabels } from "../compose/label-names.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";

/**
 * Refuses to work on containers that another folder's project of the same name made: recreating them would hand
 * its data to this one.
 * @throws MybrokerError project.elsewhere, exit 3
 */
export function checkOwnership(
  project: { readonly name: string; readonly workingDir: string },
  containers: readonly { readonly labels: Readonly<Record<string, string>> }[],
  hint = "go on with its containers:  {mybroker} up --adopt      or beside it:  {mybroker} -p OTHER-NAME up",
): void {
  const elsewhere = containers
    .map((container) => container.labels[composeLabels.workingDir])
    .find((folder) => folder !== undefined && folder !== project.workingDir);
  if (elsewhere === undefined) return;
  throw new MybrokerError({
    code: "project.elsewhere",
    message: `A project named ${project.name} runs already, from ${elsewhere}`,
    hint,
    exitCode: exitCodes.machine,
    details: { project: project.name, folder: elsewhere },
  });
}

/**
 * The same for what stops or removes containers: a name that only the file gives must not reach another clone's
 * stack and its data. Who names the project with -p or COMPOSE_PROJECT_NAME means it, from wherever.
 */
export function checkMeant(
  found: { readonly name: string; readonly project?: { readonly workingDir: string } },
  containers: readonly { readonly labels: Readonly<Record<string, string>> }[],
  { globals, context, command }: Pick<CommandRequest, "globals" | "context" | "command">,
): void {
  if (found.project === undefined || globals.projectName || context.env.COMPOSE_PROJECT_NAME) return;
  const { workingDir } = found.project;
  checkOwnership(
    { name: found.name, workingDir },
    containers,
    `run it there, or say that you mean that one:  {mybroker} -p ${found.name} ${command}`,
  );
}
