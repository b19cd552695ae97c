import { composeLabels } from "../compose/label-names.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

/**
 * Refuses to work on containers that another folder's project of the same name made: recreating them would hand
 * its data to this one.
 * @throws MybrokerError project.elsewhere, exit 3
 */
export function checkOwnership(
  project: { readonly name: string; readonly workingDir: string },
  containers: readonly { readonly labels: Readonly<Record<string, string>> }[],
): void {
  const elsewhere = containers
    .map((container) => container.labels[composeLabels.workingDir])
    .find((folder) => folder !== undefined && folder !== project.workingDir);
  if (elsewhere === undefined) return;
  throw new MybrokerError({
    code: "project.elsewhere",
    message: `A project named ${project.name} runs already, from ${elsewhere}`,
    hint: "go on with its containers:  {mybroker} up --adopt      or beside it:  {mybroker} -p OTHER-NAME up",
    exitCode: exitCodes.machine,
    details: { project: project.name, folder: elsewhere },
  });
}
