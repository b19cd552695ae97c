import type { CommandDefinition } from "../../kernel/command.js";

export const completionCommand: CommandDefinition = {
  name: "completion",
  summary: "a script with which the Tab key completes commands, flags, services, streams",
  arguments: [
    { name: "<shell>", description: "bash, zsh or fish" },
    { name: "[words...]", description: "of the shell's script: what is typed, to be completed" },
  ],
  examples: [
    { command: "source <({mybroker} completion bash)", explanation: "for this bash; in ~/.bashrc for all" },
    {
      command: "{mybroker} completion fish > ~/.config/fish/completions/mybroker.fish",
      explanation: "for fish, from now on",
    },
  ],
  load: async () => (await import("./handler.js")).printCompletion,
};
