import type { ProjectState } from "../../env/state-folder.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import { findOtherVersions, type OtherVersion } from "../../preflight/data-check.js";
import { readDataRecord } from "../../preflight/data-record.js";
import { describeConversions, otherVersionError } from "../../preflight/data-text.js";
import type { Observed } from "../../reconcile/observed.js";
import type { Stack } from "../../stack/open-stack.js";

interface DataCheck {
  readonly stack: Stack;
  readonly observed: Observed;
  readonly services: readonly string[];
  readonly state: ProjectState;
}

/**
 * Keeps data from a server that cannot read them. To be called before anything is stopped.
 * @returns those that their server would convert for good
 * @throws MybrokerError volume.other-version, exit 3
 */
export async function checkData({ stack, observed, services, state }: DataCheck): Promise<OtherVersion[]> {
  const { project } = stack;
  const record = await readDataRecord(state, project);
  const found = findOtherVersions({ project, observed, services, record });
  const [first, ...others] = found.filter(({ verdict }) => verdict === "refuses");
  if (first !== undefined) throw otherVersionError([first, ...others], project);
  return found;
}

/**
 * @throws MybrokerError volume.kept, exit 1, where the answer is no; usage.question, exit 2, where nobody can answer
 */
export async function agreeToConvert(
  others: readonly OtherVersion[],
  { output }: CommandRequest,
): Promise<void> {
  if (others.length === 0) return;
  for (const line of describeConversions(others)) output.note(line);
  if (await output.confirm("Convert them?", "--yes")) return;
  throw new MybrokerError({
    code: "volume.kept",
    message: "Nothing was started: the data stay as they are",
    hint: "put the image before back into .env, then  {mybroker} up",
    exitCode: exitCodes.no,
  });
}
