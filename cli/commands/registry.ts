import type { CommandDefinition } from "../kernel/command.js";
import { bookCommand } from "./book/definition.js";
import { completionCommand } from "./completion/definition.js";
import { configCommand } from "./config/definition.js";
import { connectCommand } from "./connect/definition.js";
import { createDemoCommand } from "./demo/definition.js";
import { doctorCommand } from "./doctor/definition.js";
import { downCommand } from "./down/definition.js";
import { envCommand } from "./env/definition.js";
import { execCommand } from "./exec/definition.js";
import { initCommand } from "./init/definition.js";
import { logsCommand } from "./logs/definition.js";
import { openCommand } from "./open/definition.js";
import { orderCommand } from "./order/definition.js";
import { psCommand } from "./ps/definition.js";
import { pullCommand } from "./pull/definition.js";
import { replaceCommand } from "./replace/definition.js";
import { restartCommand } from "./restart/definition.js";
import { seedCommand } from "./seed/definition.js";
import { simulateCommand } from "./simulate/definition.js";
import { startCommand } from "./start/definition.js";
import { stopCommand } from "./stop/definition.js";
import { tailCommand } from "./tail/definition.js";
import { tokenCommand } from "./token/definition.js";
import { upCommand } from "./up/definition.js";
import { userCommand } from "./user/definition.js";
import { walletCommand } from "./wallet/definition.js";

/** All commands, in the order in which --help lists them. */
export const commands: readonly CommandDefinition[] = [
  initCommand,
  upCommand,
  psCommand,
  logsCommand,
  openCommand,
  connectCommand,
  envCommand,
  execCommand,
  stopCommand,
  startCommand,
  restartCommand,
  downCommand,
  pullCommand,
  configCommand,
  orderCommand,
  walletCommand,
  userCommand,
  bookCommand,
  tokenCommand,
  seedCommand,
  simulateCommand,
  tailCommand,
  createDemoCommand({ up: upCommand, simulate: simulateCommand }),
  replaceCommand,
  doctorCommand,
  completionCommand,
];
