import type { CommandHandler } from "../../kernel/command.js";

/** `mybroker` alone: what it is and the next command. */
export const greet: CommandHandler = async ({ context, output }) => {
  const next = [
    { command: "{mybroker} up", purpose: "start it and wait until everything answers" },
    { command: "{mybroker} ps", purpose: "what runs, and where" },
    { command: "{mybroker} --help", purpose: "all commands" },
  ];
  const width = Math.max(
    ...next.map(({ command }) => command.replace("{mybroker}", context.invocation).length),
  );
  return {
    data: {
      version: context.version,
      next: next.map(({ command }) => command.replace("{mybroker}", context.invocation)),
    },
    text: [
      `${output.style.bold("mybroker")} ${context.version}: My Broker B3 on your machine, a stock brokerage and the`,
      "exchange it trades on.",
      "",
      ...next.map(({ command, purpose }) => {
        const spelled = command.replace("{mybroker}", context.invocation);
        return `  ${spelled.padEnd(width)}  ${purpose}`;
      }),
    ],
  };
};
