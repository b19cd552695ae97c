import { script } from "@bomb.sh/tab";
import { captureLines } from "../output/capture-lines.js";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/**
 * The library's script for a shell, which asks `program` what may come next.
 * @param program as the shell starts it, with its quotes
 */
export function writeScript(shell: Shell, program: string): string {
  const text = captureLines(() => script(shell, "mybroker", program)).join("\n");
  const changes = [[`${program} complete -- `, `${program} completion words -- `], ...corrections[shell]];
  const corrected = changes.reduce((done, [from = "", to = ""]) => done.replaceAll(from, to), text);
  return shell === "bash" ? `${wordsInBash}\n${corrected}` : corrected;
}

/** What the library's scripts do wrong, each as it is written there and as it has to be. */
const corrections: Readonly<Record<Shell, readonly (readonly [from: string, to: string])[]>> = {
  bash: [
    // Read-only names stop a second reading of .bashrc, and other programs with the same library.
    ["readonly ShellComp", "ShellComp"],
    ["ShellCompDirective", "__mybroker_directive_"],
    // Of the package bash-completion, which not every machine has; and $(…) in a word would be run.
    ['_get_comp_words_by_ref -n "=:" cur prev words cword', "local quoted; __mybroker_words"],
    ["${words[@]:1}", "$quoted"],
    // Bash replaces only what follows the = of --flag=value.
    ['${completions[*]}" -- "$cur"', '${completions[*]}" -- "${cur#-*=}"'],
    ["complete -F ", "complete -o default -F "],
  ],
  // It would take a quoted word apart at its spaces.
  zsh: [['"${=words[1,CURRENT]}"', '"${(@)words[1,CURRENT]}"']],
  fish: [],
};

const wordsInBash = `# Sets cur and quoted: the word at the cursor, and all up to it as eval takes them. Bash splits at = and : too.
__mybroker_words() {
    local index word glue=""
    cur=""
    quoted=""
    for ((index = 1; index <= COMP_CWORD; index++)); do
        word="\${COMP_WORDS[index]}"
        if [[ -n "$glue" || "$word" == [=:] ]]; then
            cur="$cur$word"
        else
            [[ $index -eq 1 ]] || quoted="$quoted $(printf '%q' "$cur")"
            cur="$word"
        fi
        glue=""
        [[ "$word" != [=:] ]] || glue=yes
    done
    [[ -z "$cur" ]] || quoted="$quoted $(printf '%q' "$cur")"
}
`;
