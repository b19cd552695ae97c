import type { CommandDefinition, OptionDefinition } from "../kernel/command.js";
import { globalOptionDefinitions } from "../kernel/global-options.js";

/** A command line that is not finished, as far as it goes. */
export interface ReadWords {
  readonly command?: CommandDefinition;
  /** Those that may stand here. */
  readonly options: readonly OptionDefinition[];
  readonly positionals: readonly string[];
  /** The option whose value comes next. */
  readonly pending?: OptionDefinition;
  /** The word at the cursor, "" where none has begun. */
  readonly current: string;
  /** Values of global options by their camelCased names. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** The cursor stands in the arguments of somebody else's program; `--` may hold files of this machine. */
  readonly beyond?: "files" | "nothing";
}

/** What of an option's notation matters here: "-x, --exclude <service...>". */
interface Flag {
  readonly definition: OptionDefinition;
  readonly takes: "nothing" | "one" | "many";
}

/** @param words after the program's name, the one at the cursor last */
export function readWords(words: readonly string[], definitions: readonly CommandDefinition[]): ReadWords {
  const current = words.at(-1) ?? "";
  const read = new Reader(definitions);
  for (const word of words.slice(0, -1)) read.take(word);
  return read.finish(current);
}

class Reader {
  readonly #definitions: readonly CommandDefinition[];
  readonly #positionals: string[] = [];
  readonly #globals: Record<string, unknown> = {};
  #command: CommandDefinition | undefined;
  #pending: Flag | undefined;
  #beyond: ReadWords["beyond"];

  constructor(definitions: readonly CommandDefinition[]) {
    this.#definitions = definitions;
  }

  take(word: string): void {
    if (this.#beyond !== undefined) return;
    if (word === "--") this.#beyond = "files";
    else if (word.startsWith("-") && word !== "-") this.#takeFlag(word);
    else if (this.#pending !== undefined) this.#takeValue(this.#pending, word);
    else if (this.#command === undefined) this.#takeCommand(word);
    else this.#takePositional(this.#command, word);
  }

  finish(current: string): ReadWords {
    return {
      ...(this.#command === undefined ? {} : { command: this.#command }),
      ...(this.#pending === undefined ? {} : { pending: this.#pending.definition }),
      ...(this.#beyond === undefined ? {} : { beyond: this.#beyond }),
      options: this.#options(),
      positionals: this.#positionals,
      current,
      globals: this.#globals,
    };
  }

  /** A command's own option hides a global one with the same name, long or short. */
  #options(): readonly OptionDefinition[] {
    if (this.#command === undefined) return globalOptionDefinitions;
    const own = this.#command.options ?? [];
    const names = new Set(own.map(({ flags }) => longName(flags)));
    const shared = globalOptionDefinitions.filter(({ flags }) => {
      const name = longName(flags);
      return name !== "file" && !names.has(name);
    });
    return [...own, ...shared];
  }

  #takeFlag(word: string): void {
    const [name = "", value] = word.split(/=(.*)/s);
    const definition = this.#options().find(({ flags }) => flags.split(/[ ,]+/).includes(name));
    this.#pending = undefined;
    if (definition === undefined) return;
    const takes = /[<[]/.test(definition.flags)
      ? /\.\.\.[>\]]/.test(definition.flags)
        ? "many"
        : "one"
      : "nothing";
    const flag: Flag = { definition, takes };
    if (value !== undefined) this.#takeValue(flag, value);
    else if (takes === "nothing") this.#keep(definition, true);
    else this.#pending = flag;
  }

  #takeValue({ definition, takes }: Flag, value: string): void {
    this.#keep(definition, value);
    if (takes !== "many") this.#pending = undefined;
  }

  #keep({ flags, parse }: OptionDefinition, value: string | true): void {
    if (!globalOptionDefinitions.some((option) => option.flags === flags)) return;
    const key = longName(flags).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    this.#globals[key] = typeof value === "string" && parse ? parse(value, this.#globals[key]) : value;
  }

  #takeCommand(word: string): void {
    this.#command = this.#definitions.find(
      ({ name, aliases = [] }) => name === word || aliases.some((alias) => alias.name === word),
    );
    if (this.#command === undefined) this.#beyond = "nothing";
  }

  #takePositional(command: CommandDefinition, word: string): void {
    this.#positionals.push(word);
    if (command.passThrough === true) this.#beyond = "nothing";
  }
}

/** "exclude" of "-x, --exclude <service...>". */
export function longName(flags: string): string {
  return /--([\w-]+)/.exec(flags)?.[1] ?? "";
}
