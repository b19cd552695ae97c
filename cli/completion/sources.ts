import type { ArgumentDefinition, OptionDefinition } from "../kernel/command.js";
import type { ReadWords } from "./read-words.js";

/** What is looked up in a project. */
export type LiveSource =
  | "services"
  | "pages"
  | "stores"
  | "streams"
  | "topics"
  | "queues"
  | "tickers"
  | "checks"
  | "findings"
  | "profiles";

/** Whose values stand at the cursor. Files and folders are left to the shell. */
export type Source = LiveSource | "files" | "folders" | readonly string[];

/** By the word between the brackets of an option or an argument. */
const byPlaceholder: Readonly<Record<string, Source>> = {
  service: "services",
  stream: "streams",
  topic: "topics",
  ticker: "tickers",
  store: "stores",
  file: "files",
  folder: "folders",
  shell: ["bash", "zsh", "fish"],
};

/** Where the placeholder does not say enough: "command placeholder" or "--flag". */
const byPlace: Readonly<Record<string, Source>> = {
  "open service": "pages",
  "order action": ["buy", "sell", "list", "show", "cancel"],
  "wallet action": ["show", "deposit", "withdraw"],
  "user action": ["add", "list"],
  "doctor --only": "checks",
  "doctor --exclude": "checks",
  "doctor --fix": "findings",
  "tail --rabbit": "queues",
  "--profile": "profiles",
};

/** The source of an option's values; undefined where only its user knows them. */
export function sourceOfOption(
  option: OptionDefinition,
  { command }: Pick<ReadWords, "command">,
): Source | undefined {
  const flag = /--[\w-]+/.exec(option.flags)?.[0] ?? "";
  const placeholder = placeholderOf(option.flags);
  if (placeholder === undefined) return undefined;
  return option.choices ?? byPlace[`${command?.name} ${flag}`] ?? byPlace[flag] ?? byPlaceholder[placeholder];
}

export function sourceOfArgument(
  argument: ArgumentDefinition,
  { command, positionals }: Pick<ReadWords, "command" | "positionals">,
): Source | undefined {
  const placeholder = placeholderOf(argument.name) ?? "";
  const isTrade = command?.name === "order" && ["buy", "sell"].includes(positionals[0] ?? "");
  if (placeholder === "subject" && isTrade) return "tickers";
  return byPlace[`${command?.name} ${placeholder}`] ?? byPlaceholder[placeholder];
}

function placeholderOf(notation: string): string | undefined {
  return /[<[]([^<>[\]]*?)(?:\.\.\.)?[>\]]/.exec(notation)?.[1];
}
