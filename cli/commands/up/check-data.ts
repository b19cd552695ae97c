import type { ProjectState } from "../../env/state-folder.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import { findOtherVersions } from "../../preflight/data-check.js";
import { readDataRecord } from "../../preflight/data-record.js";
import { describeConversions, otherVersionError } from "../../preflight/data-text.js";
import type { Observed } from "../../reconcile/observed.js";
import type { Stack } from "../../stack/open-stack.js";

interface DataCheck {
  readonly stack: Stack;
  readonly observed: Observed;
  readonly services: readonly string[];
  readonly state: ProjectState;
  readonly request: CommandRequest;
}

/**
 * Keeps data from a server of another major version: what it cannot read is refused, what it would convert for good is
 * asked about. To be called before anything is stopped.
 * @param agreed volumes whose conversion was agreed to already; those that are agreed to here are added
 * @throws MybrokerError volume.other-version (exit 3), volume.kept (exit 1: the answer was no)
 */
export async function checkData(check: DataCheck, agreed: Set<string>): Promise<void> {
  const { stack, observed, services, state, request } = check;
  const { project } = stack;
  const record = await readDataRecord(state, project);
  const found = findOtherVersions({ project, observed, services, record });
  const [first, ...others] = found.filter(({ verdict }) => verdict === "refuses");
  if (first !== undefined) throw otherVersionError([first, ...others], project);
  const converted = found.filter(({ volume }) => !agreed.has(volume));
  if (converted.length === 0) return;
  for (const line of describeConversions(converted)) request.output.note(line);
  if (!(await request.output.confirm("Convert them?", "--yes"))) {
    throw new MybrokerError({
      code: "volume.kept",
      message: "Nothing was started: the data stay as they are",
      hint: "put the image before back into .env, then  {mybroker} up",
      exitCode: exitCodes.no,
    });
  }
  for (const { volume } of converted) agreed.add(volume);
}
