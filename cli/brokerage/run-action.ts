import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../kernel/command.js";
import { tellRuntime } from "../runtime/by-runtime.js";

/** Actions that change nothing, which a dry run does as well. */
const readOnly = ["list", "show"];

/** The first word chooses. @throws MybrokerError usage.unknown-action, exit 2 */
export async function runAction(
  request: CommandRequest,
  actions: Readonly<Record<string, CommandHandler>>,
): Promise<CommandResult> {
  const [word = ""] = request.args;
  const action = Object.hasOwn(actions, word) ? actions[word] : undefined;
  if (action === undefined) throw unknownAction(request.command, word, Object.keys(actions));
  await tellRuntime(request);
  if (request.globals.dryRun && !readOnly.includes(word)) {
    return { data: null, text: [`Nothing was done. Without --dry-run:  ${request.args.join(" ")}`] };
  }
  return action(request);
}

function unknownAction(command: string, word: string, known: readonly string[]): MybrokerError {
  const nearest = findNearest(word, known);
  return new MybrokerError({
    code: "usage.unknown-action",
    message: `${command} does not know "${word}"`,
    hint:
      nearest === undefined
        ? `There are:  {mybroker} ${command} ${known.join("|")}`
        : `Did you mean:  {mybroker} ${command} ${nearest}`,
    exitCode: exitCodes.usage,
  });
}

/** The id that stands after the action. @throws MybrokerError usage.missing-id, exit 2 */
export function readId({ args, command }: CommandRequest): string {
  const [action = "", id] = args;
  if (id !== undefined) return id;
  throw new MybrokerError({
    code: "usage.missing-id",
    message: `${command} ${action} needs an id`,
    hint: `{mybroker} ${command} list`,
    exitCode: exitCodes.usage,
  });
}
