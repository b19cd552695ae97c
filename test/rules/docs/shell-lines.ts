/** What a reader of a page may type: lines of blocks, and code within a sentence that begins with the program's name. */
export interface ShellLine {
  readonly text: string;
  /** Code in a sentence may name a command without what it needs: `mybroker exec`. */
  readonly isMention: boolean;
  /** The line below what was typed in a recording. */
  readonly answer?: string;
}

/** Shell lines of a page, in fenced blocks and in sentences. */
export function shellLinesOf(text: string): ShellLine[] {
  const blocks = [...text.matchAll(/^ *```(\w*)\n(.*?)^ *```/gms)].flatMap(([, language = "", block = ""]) =>
    linesOf(block.replaceAll("\\\n", " "), language),
  );
  const paragraphs = text.replace(/^ *```.*?^ *```/gms, "").split(/\n{2,}/);
  const mentions = paragraphs
    .flatMap((paragraph) => [...paragraph.matchAll(/`([^`]+)`/g)])
    .map(([, code = ""]) => code.replaceAll("\\|", "|").replaceAll("\n", " "))
    .filter((code) => /^(?:npx )?mybroker(?: |$)|^npm (?:run|test)/.test(code))
    .map((code) => ({ text: code, isMention: true }));
  return [...blocks, ...mentions];
}

const shells = ["sh", "bash", "shell", "yaml", "yml", "json"];

/** Of a block of a shell every line, of a recipe what it runs, of a recording what was typed. */
function linesOf(block: string, language: string): ShellLine[] {
  const lines = block.split("\n").map((line) => line.trim());
  if (language === "" || language === "console")
    return lines.flatMap((line, index) =>
      line.startsWith("$ ")
        ? [{ text: line.slice(2), isMention: false, answer: lines[index + 1] ?? "" }]
        : [],
    );
  if (!shells.includes(language)) return [];
  return lines.map((line) => ({ text: withoutKey(line), isMention: false }));
}

/** `- run: npx mybroker up` -> `npx mybroker up` */
function withoutKey(line: string): string {
  return line.replace(/^(?:- )?(?:"?[\w-]+"?: )?(?=["']?(?:npx |npm |mybroker ))["']?/, "");
}

/** The simple commands of a shell line as words, those in $(…) and <(…) too, without redirections and variables. */
export function simpleCommands(line: string): string[][] {
  const inner = [...line.matchAll(/[$<]\(([^()]*)\)/g)].flatMap(([, code = ""]) => simpleCommands(code));
  const commands: string[][] = [[]];
  for (const word of wordsOf(line.replace(/[$<]\([^()]*\)/g, "SUBSTITUTE"))) {
    if (word.isOperator) commands.push([]);
    else commands.at(-1)?.push(word.text);
  }
  return [...commands.map(withoutPrefix).filter((words) => words.length > 0), ...inner];
}

interface Word {
  readonly text: string;
  readonly isOperator: boolean;
}

const tokens =
  /(?<comment>(?<=^|\s)#.*$)|(?<redirection>\d?(?:>>|>|<)&?\s*[^\s|;&]+)|(?<operator>&&|\|\||[|;&])|(?<word>(?:"[^"]*"|'[^']*'|\\.|[^\s"'|;&<>\\])+)/g;

function wordsOf(line: string): Word[] {
  return [...line.matchAll(tokens)].flatMap((match): Word[] => {
    const { operator, word } = match.groups ?? {};
    if (operator !== undefined) return [{ text: operator, isOperator: true }];
    if (word === undefined) return [];
    return [{ text: word.replace(/"([^"]*)"|'([^']*)'|\\(.)/g, "$1$2$3"), isOperator: false }];
  });
}

/** Without what may stand before a command: words of the shell and variables. */
function withoutPrefix(words: readonly string[]): string[] {
  const first = words.findIndex(
    (word) => !/^(?:if|then|else|do|while|until|!|time|exec|[A-Z_]+=.*)$/.test(word),
  );
  return first < 0 ? [] : words.slice(first);
}

/** The arguments of mybroker, where a command is one of it. */
export function mybrokerArguments([program, ...rest]: readonly string[]): readonly string[] | undefined {
  if (program === "mybroker") return rest;
  return program === "npx" && rest[0] === "mybroker" ? rest.slice(1) : undefined;
}

/** The script of package.json that a command runs. */
export function npmScript([program, verb, ...rest]: readonly string[]): string | undefined {
  if (program !== "npm") return undefined;
  if (verb === "test") return "test";
  return verb === "run" ? rest.find((word) => !word.startsWith("-")) : undefined;
}
