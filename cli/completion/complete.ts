import { RootCommand, ShellCompDirective } from "@bomb.sh/tab";
import type { CommandDefinition } from "../kernel/command.js";
import { captureLines } from "../output/capture-lines.js";
import { longName, type ReadWords, readWords } from "./read-words.js";
import { type LiveSource, type Source, sourceOfArgument, sourceOfOption } from "./sources.js";

export interface Suggestion {
  readonly value: string;
  readonly about: string;
}

export interface CompleteOptions {
  readonly definitions: readonly CommandDefinition[];
  /** The values of a source in the project that these words are about. */
  lookUp(source: LiveSource, read: ReadWords): Promise<readonly Suggestion[]>;
}

/**
 * What may stand at the cursor, in the lines that the scripts of the library read: value, tab, description, and last
 * what the shell shall do besides.
 * @param words after the program's name, the one at the cursor last
 */
export async function complete(words: readonly string[], options: CompleteOptions): Promise<string[]> {
  const read = readWords(words, options.definitions);
  if (read.beyond !== undefined) return [directive(read.beyond === "files" ? "Default" : "NoFileComp")];
  const source = findSource(read);
  if (source === "files") return [directive("Default")];
  if (source === "folders") return [directive("FilterDirs")];
  const values = await valuesOf(source, read, options);
  return askLibrary(read, options.definitions, values);
}

/** The library's handlers answer at once, so what they will say is known before it is asked. */
function findSource(read: ReadWords): Source | undefined {
  const { command, current, options, pending, positionals } = read;
  if (pending !== undefined) return sourceOfOption(pending, read);
  const [flag = "", value] = current.split(/=(.*)/s);
  if (value !== undefined) {
    const option = options.find(({ flags }) => flags.split(/[ ,]+/).includes(flag));
    return option && sourceOfOption(option, read);
  }
  const all = command?.arguments ?? [];
  const last = all.at(-1);
  const argument = all[positionals.length] ?? (last?.name.includes("...") ? last : undefined);
  return current.startsWith("-") || argument === undefined ? undefined : sourceOfArgument(argument, read);
}

async function valuesOf(
  source: Source | undefined,
  read: ReadWords,
  { lookUp }: CompleteOptions,
): Promise<readonly Suggestion[]> {
  if (source === undefined) return [];
  if (source === "files" || source === "folders") return [];
  if (typeof source !== "string") return source.map((value) => ({ value, about: "" }));
  const found = await lookUp(source, read).catch(() => []);
  // A shell expands what it is given: a queue called $(reboot) would be run by the one who lists the queues.
  const isPlain = ({ value }: Suggestion) => /^[\w@%+.,/-]+$/.test(value);
  return found.filter((suggestion) => isPlain(suggestion) && !read.positionals.includes(suggestion.value));
}

/**
 * The words go in as they were understood, without those that are done with: the library takes `-f` of `logs -f` for
 * the `-f FILE` of all commands.
 */
function askLibrary(
  read: ReadWords,
  definitions: readonly CommandDefinition[],
  values: readonly Suggestion[],
): string[] {
  const { command, current, options, pending, positionals } = read;
  const root = new RootCommand();
  const say = (add: (value: string, about: string) => void) => {
    for (const { value, about } of values) add(value, inOneLine(about));
  };
  const target = command === undefined ? root : root.command(command.name, inOneLine(command.summary));
  if (command === undefined) {
    for (const { name, summary } of definitions) root.command(name, inOneLine(summary));
  }
  for (const { flags, description } of options) {
    const alias = /^-(\w),/.exec(flags)?.[1];
    if (/[<[]/.test(flags)) target.option(longName(flags), inOneLine(description), say, alias);
    else target.option(longName(flags), inOneLine(description), alias);
  }
  target.option("help", "print this help", "h");
  for (const { name } of command?.arguments ?? []) target.argument(name, say, name.includes("..."));
  const words = [
    ...(command === undefined ? [] : [command.name, ...positionals]),
    ...(pending === undefined ? [] : [`--${longName(pending.flags)}`]),
    // Of "-" alone it would tell only the flags of one letter.
    current === "-" ? "--" : current,
  ];
  return captureLines(() => root.parse(words));
}

function inOneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

function directive(name: "Default" | "NoFileComp" | "FilterDirs"): string {
  return `:${ShellCompDirective[`ShellCompDirective${name}`]}`;
}
