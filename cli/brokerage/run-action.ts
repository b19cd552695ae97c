import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../kernel/command.js";
import { tellRuntime } from "../runtime/by-runtime.js";

/** Actions that change nothing, which a dry run does as well. */
const readOnly = ["list", "show"];

/**
 * The first word chooses. `alone` are the actions that take no other word.
 * @throws MybrokerError usage.unknown-action, usage.too-many-arguments, exit 2
 */
export async function runAction(
  request: CommandRequest,
  actions: Readonly<Record<string, CommandHandler>>,
  alone: readonly string[],
): Promise<CommandResult> {
  const [word = ""] = request.args;
  const action = Object.hasOwn(actions, word) ? actions[word] : undefined;
  if (action === undefined) throw unknownAction(request.command, word, Object.keys(actions));
  const surplus = request.args[1];
  if (surplus !== undefined && alone.includes(word)) throw tooMany(request.command, word, surplus);
  await tellRuntime(request);
  if (request.globals.dryRun && !readOnly.includes(word)) {
    return { data: null, text: [`Nothing was done. Without --dry-run:  ${request.args.join(" ")}`] };
  }
  return action(request);
}

function tooMany(command: string, word: string, surplus: string): MybrokerError {
  return new MybrokerError({
    code: "usage.too-many-arguments",
    message: `${command} ${word} takes nothing else, and there is "${surplus}"`,
    hint: `{mybroker} ${command} ${word}`,
    exitCode: exitCodes.usage,
  });
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
  if (id !== undefined && id !== "") return id;
  throw new MybrokerError({
    code: "usage.missing-id",
    message: `${command} ${action} needs an id`,
    hint: `{mybroker} ${command} list`,
    exitCode: exitCodes.usage,
  });
}
