import type { CommandDefinition } from "../kernel/command.js";

/** All commands, in the order in which --help lists them. */
export const commands: readonly CommandDefinition[] = [];
