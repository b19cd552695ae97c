import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { commands } from "../../../cli/commands/registry.js";
import { MybrokerError } from "../../../cli/errors/mybroker-error.js";
import { parseCommandLine } from "../../../cli/kernel/program.js";
import { deadLetterExchange, deadLetterTopic, ordersExchange, topics } from "../../../contracts/topology.js";
import { root } from "./read-pages.js";
import { mybrokerArguments, npmScript, type ShellLine, simpleCommands } from "./shell-lines.js";

interface ComposeService {
  readonly "x-mybroker"?: Readonly<Record<"topics" | "queues" | "streams", readonly string[] | undefined>>;
}

const compose = parse(readFileSync(join(root, "docker-compose.yml"), "utf8"), {
  merge: true,
  maxAliasCount: -1,
}) as {
  readonly services: Readonly<Record<string, ComposeService>>;
};
const services = Object.keys(compose.services);
const brokerNames = Object.values(compose.services).flatMap(({ "x-mybroker": extension }) => [
  ...(extension?.topics ?? []),
  ...(extension?.queues ?? []),
  ...(extension?.streams ?? []),
]);
const streams = ["orders", "quotes", "wallet", "dlq", "all", "runtime", ...brokerNames];
/** What RabbitMQ has from the start, and what is there once something went wrong. */
const onBrokers = [
  ...brokerNames,
  ordersExchange,
  deadLetterExchange,
  "amq.topic",
  ...topics.map(({ name }) => deadLetterTopic(name)),
];
const tickers = (
  JSON.parse(readFileSync(join(root, "contracts/instruments.json"), "utf8")) as { ticker: string }[]
).flatMap(({ ticker }) => [ticker, `${ticker}F`]);
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** What is wrong with a line that a page has its reader type; nothing where it is right or none of ours. */
export function checkLine({ text, isMention, answer = "" }: ShellLine): string[] {
  return simpleCommands(text).flatMap((words) => {
    const script = npmScript(words);
    if (script !== undefined && !(script in scripts)) return [`${text}: package.json has no ${script}`];
    const argv = mybrokerArguments(words);
    if (argv === undefined) return [];
    const problems = checkArguments(argv, isMention);
    // A recording may show how a slip is answered.
    return problems.filter((problem) => !answer.includes(problem)).map((problem) => `${text}: ${problem}`);
  });
}

function checkArguments(words: readonly string[], isMention: boolean): string[] {
  // A page writes COMMAND, SERVICE and the like for what its reader fills in, and … for more of it.
  const argv = words.map((word) => (word === "COMMAND" ? "up" : word.replace(/^\[(.*)\]$/, "$1")));
  if (argv.includes("…"))
    argv.length = argv.indexOf("…") - (argv[argv.indexOf("…") - 1]?.startsWith("-") ? 1 : 0);
  try {
    const invocation = parseCommandLine(argv, commands, "mybroker");
    if (invocation.kind !== "command") return [];
    return checkNames(invocation.definition.name, invocation.args, invocation.values);
  } catch (error) {
    if (!(error instanceof MybrokerError)) throw error;
    return isMention && argv.length === 1 && error.code === "usage.missing-argument" ? [] : [error.message];
  }
}

/** Names among the arguments of a command, and what they have to be one of. */
function checkNames(
  command: string,
  args: readonly string[],
  values: Readonly<Record<string, unknown>>,
): string[] {
  const definition = commands.find(({ name }) => name === command);
  const [first] = definition?.arguments ?? [];
  const listed: [readonly string[], readonly string[]][] = [
    [/^.service\.\.\./.test(first?.name ?? "") ? args : [], services],
    [/^.service\W$/.test(first?.name ?? "") ? args.slice(0, 1) : [], services],
    [command === "tail" ? args : [], streams],
    [command === "order" && /^(buy|sell)$/.test(args[0] ?? "") ? args.slice(1, 2) : [], tickers],
    [command === "book" ? args : [], tickers],
    [namesIn(values.kafka), onBrokers],
    [namesIn(values.rabbit), onBrokers],
    [namesIn(values.exclude), command === "up" ? services : []],
  ];
  return listed.flatMap(([names, known]) =>
    known.length === 0
      ? []
      : names
          .filter((name) => !known.includes(name) && !isPlaceholder(name))
          .map((name) => `there is no ${name}`),
  );
}

function namesIn(value: unknown): string[] {
  return [value ?? []].flat().map(String);
}

function isPlaceholder(name: string): boolean {
  return ["SERVICE", "TICKER", "NAME", "STREAM", "SUBSTITUTE"].includes(name) || name.startsWith("$");
}
