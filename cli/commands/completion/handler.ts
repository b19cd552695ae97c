import { join } from "node:path";
import { shells, writeScript } from "../../completion/script.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import { findNearest } from "../../errors/nearest.js";
import type { CommandHandler, CommandRequest } from "../../kernel/command.js";
import type { Context } from "../../kernel/context.js";

/** `completion SHELL` prints its script, which calls `completion words -- WORD…` at each Tab. */
export const printCompletion: CommandHandler = async (request) => {
  const [shell = "", ...words] = request.args;
  if (shell === "words") return { text: await completeWords(request, words) };
  const known = shells.find((name) => name === shell);
  if (known === undefined || words.length > 0)
    throw unknownShell(known === undefined ? shell : words.join(" "));
  const script = writeScript(known, programOf(request.context));
  return { data: { shell: known, script }, text: [script.trimEnd()] };
};

async function completeWords(request: CommandRequest, words: readonly string[]): Promise<string[]> {
  const [{ complete }, { lookUp }, { commands }] = await Promise.all([
    import("../../completion/complete.js"),
    import("../../completion/look-up.js"),
    import("../registry.js"),
  ]);
  const { homeDir } = request.context;
  const typed = words.map((word, index) => (index === words.length - 1 ? word : unquote(word, homeDir)));
  return complete(typed, {
    definitions: commands,
    lookUp: (source, read) => lookUp(source, read, request),
  });
}

/** Shells hand over the words before the cursor as they were typed. */
function unquote(word: string, homeDir: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(word)?.[2];
  return quoted ?? word.replace(/^~(?=\/|$)/, homeDir).replace(/\\(.)/g, "$1");
}

/** How a script finds this program again, from whichever folder. */
function programOf({ invocation, packageRoot }: Context): string {
  if (!invocation.startsWith("node ")) return invocation;
  return `node '${join(packageRoot, "bin", "mybroker.js").replaceAll("'", "'\\''")}'`;
}

function unknownShell(word: string): MybrokerError {
  const nearest = findNearest(word, shells);
  return new MybrokerError({
    code: "usage.invalid-value",
    message: `there is completion for ${shells.join(", ")}, not for ${word}`,
    hint:
      nearest === undefined
        ? "For example:  {mybroker} completion bash"
        : `Did you mean:  {mybroker} completion ${nearest}`,
    exitCode: exitCodes.usage,
  });
}
