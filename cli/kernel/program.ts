import { Argument, Command, CommanderError, Option } from "commander";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";
import type { CommandDefinition, OptionDefinition } from "./command.js";
import { describeComposeFlag } from "./compose-flags.js";
import { globalOptionDefinitions } from "./global-options.js";

/** What the command line asks for. */
export type Invocation =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "version" }
  | { readonly kind: "greeting"; readonly values: Readonly<Record<string, unknown>> }
  | {
      readonly kind: "command";
      readonly definition: CommandDefinition;
      readonly args: readonly string[];
      /** Own and global options together; those after the command win. */
      readonly values: Readonly<Record<string, unknown>>;
    };

/**
 * Parses the command line. This file alone knows the parser library.
 * @throws MybrokerError with exit code 2 and a `usage.` code.
 */
export function parseCommandLine(
  argv: readonly string[],
  definitions: readonly CommandDefinition[],
  invocation: string,
): Invocation {
  let outcome: Invocation | undefined;
  let helpText = "";
  const program = new Command("mybroker");
  program
    .usage("[options] COMMAND")
    .description("My Broker B3 on your machine: a stock brokerage and the exchange it trades on.")
    .enablePositionalOptions()
    .option("-v, --version", "print the version");
  addOptions(program, globalOptionDefinitions);
  const silence = (target: Command): void => {
    target
      .exitOverride()
      .helpOption("-h, --help", "print this help")
      .configureOutput({
        writeOut: (text) => {
          helpText += text;
        },
        writeErr: () => {},
      });
  };
  silence(program);
  program.configureHelp({
    subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
    // The parser does not wrap a column below 40; beside the longest command 34 are left of 80.
    minWidthToWrap: 24,
  });
  program.helpCommand("help [command]", "print the help of a command");
  program.action((values: Record<string, unknown>, self: Command) => {
    if (self.args.length > 0) throw unknownCommand(self.args[0] ?? "", definitions);
    outcome = values.version === true ? { kind: "version" } : { kind: "greeting", values };
  });
  program.allowExcessArguments(true);

  for (const definition of definitions) {
    const command = program.command(definition.name, { hidden: false });
    silence(command);
    // `down SERVICE` takes one service down in Compose: ignoring the word would take all of them down.
    command.allowExcessArguments(false);
    describeCommand(command, definition, invocation);
    command.action(() => {
      outcome = {
        kind: "command",
        definition,
        args: command.args,
        values: { ...program.opts(), ...command.opts() },
      };
    });
  }
  addHiddenAliases(program, definitions);

  try {
    program.parse([...argv], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // `help` of a command that there is not fails without a word of help.
    if (thrown.code === "commander.help" && helpText === "")
      throw unknownCommand(argv[argv.indexOf("help") + 1] ?? "", definitions);
    if (thrown.exitCode === 0 || thrown.code === "commander.help")
      return { kind: "help", text: helpText.trimEnd() };
    throw usageError(thrown, { argv, definitions, surplus: findSurplus(program) });
  }
  return outcome ?? { kind: "help", text: helpText.trimEnd() };
}

function describeCommand(command: Command, definition: CommandDefinition, invocation: string): void {
  command.summary(definition.summary).description(definition.summary);
  for (const argument of definition.arguments ?? []) {
    command.addArgument(new Argument(argument.name, argument.description));
  }
  addOptions(command, definition.options ?? []);
  addOptions(command, shareableGlobals(definition));
  // commander prints the first alias beside the name, also one that is to stay hidden.
  command.configureHelp({ commandUsage: () => `mybroker ${definition.name} ${command.usage()}` });
  if (definition.passThrough) command.passThroughOptions();
  const examples = definition.examples ?? [];
  if (examples.length > 0) {
    const lines = examples.map(
      (example) => `  ${example.command.replaceAll("{mybroker}", invocation)}\n      ${example.explanation}`,
    );
    command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  }
}

/** Global options that may follow this command: not --file, and no short form that the command uses itself. */
function shareableGlobals(definition: CommandDefinition): OptionDefinition[] {
  const own = (definition.options ?? []).flatMap((option) => flagNames(option.flags));
  const shared: OptionDefinition[] = [];
  for (const option of globalOptionDefinitions) {
    const names = flagNames(option.flags);
    const long = names.find((name) => name.startsWith("--"));
    if (long === undefined || long === "--file" || own.includes(long)) continue;
    const short = names.find((name) => !name.startsWith("--"));
    const flags =
      short !== undefined && own.includes(short) ? option.flags.replace(`${short}, `, "") : option.flags;
    shared.push({ ...option, flags, hidden: true });
  }
  return shared;
}

function flagNames(flags: string): string[] {
  return flags.split(/[ ,|]+/).filter((part) => part.startsWith("-"));
}

function addOptions(command: Command, options: readonly OptionDefinition[]): void {
  for (const definition of options) {
    const option = new Option(definition.flags, definition.description);
    if (definition.choices) option.choices([...definition.choices]);
    if (definition.defaultValue !== undefined) option.default(definition.defaultValue);
    if (definition.parse) option.argParser(definition.parse);
    if (definition.hidden) option.hideHelp();
    command.addOption(option);
  }
}

function addHiddenAliases(program: Command, definitions: readonly CommandDefinition[]): void {
  for (const definition of definitions) {
    const command = program.commands.find((candidate) => candidate.name() === definition.name);
    for (const alias of definition.aliases ?? []) command?.alias(alias.name);
  }
}

function unknownCommand(name: string, definitions: readonly CommandDefinition[]): MybrokerError {
  const nearest = findNearest(
    name,
    definitions.map((definition) => definition.name),
  );
  return new MybrokerError({
    code: "usage.unknown-command",
    message: `unknown command ${name}`,
    hint: nearest === undefined ? "All commands:  {mybroker} --help" : `Did you mean:  {mybroker} ${nearest}`,
    exitCode: exitCodes.usage,
  });
}

/** Words that no argument of the command takes, of which commander tells the number alone. */
function findSurplus({ commands }: Command): string {
  const tooMany = commands.find(({ args, registeredArguments }) => args.length > registeredArguments.length);
  return tooMany?.args.slice(tooMany.registeredArguments.length).join(" ") ?? "";
}

interface CommandLine {
  readonly argv: readonly string[];
  readonly definitions: readonly CommandDefinition[];
  readonly surplus: string;
}

/** commander's sentence is split into what happened and, where it guesses, what was meant. */
function usageError(error: CommanderError, { argv, definitions, surplus }: CommandLine): MybrokerError {
  const [first = "", guess] = error.message.split("\n");
  const isTooMuch = error.code === "commander.excessArguments";
  const said = first
    .replace(/^error: /, "")
    .replaceAll("'", "")
    .replace(/\.$/, "");
  const message = isTooMuch ? `${said}: ${surplus}` : said;
  const command = argv.find((word) => definitions.some((definition) => definition.name === word)) ?? "";
  const flag = /unknown option (\S+)/.exec(message)?.[1];
  const meant = guess === undefined ? undefined : /\(Did you mean (?:one of )?(.*)\?\)/.exec(guess)?.[1];
  const habit = flag ?? (isTooMuch ? "SERVICE" : undefined);
  const hint =
    (habit === undefined ? undefined : describeComposeFlag(command, habit)) ??
    (meant === undefined ? undefined : `Did you mean:  ${meant}`) ??
    `Its options:  {mybroker} ${command === "" ? "" : `${command} `}--help`;
  return new MybrokerError({
    code: error.code
      .replace(/^commander\./, "usage.")
      .replace(/([A-Z])/g, (letter) => `-${letter.toLowerCase()}`),
    message,
    hint,
    exitCode: exitCodes.usage,
  });
}
