import type { Check } from "../check.js";
import { checkAgainstExample } from "./check-example.js";
import { checkFileModes } from "./check-file-mode.js";
import { checkIgnores } from "./check-ignores.js";
import { checkOpenPorts } from "./check-open-ports.js";
import { checkShell } from "./check-shell.js";
import { checkVariables } from "./check-variables.js";
import { checkVolumePasswords } from "./check-volume-passwords.js";

/** .env and the compose files against each other and against what was made from them. */
export const configurationChecks: readonly Check[] = [
  {
    id: "env.example",
    title: ".env has what .env.example has",
    finds: ["env.no-file", "env.missing-key", "env.empty-secret"],
    run: checkAgainstExample,
  },
  {
    id: "env.variables",
    title: "every variable of the compose files has a value, and every key a reader",
    finds: ["env.unset-variable", "env.unknown-key"],
    run: checkVariables,
  },
  {
    id: "env.shell",
    title: "nothing in the shell stands before a key of .env",
    finds: ["env.shell-override"],
    run: checkShell,
  },
  {
    id: "env.mode",
    title: "nobody else may read the file with the secrets",
    finds: ["env.file-mode"],
    run: checkFileModes,
  },
  {
    id: "env.volumes",
    title: "the volumes were made with the passwords of .env",
    finds: ["env.volume-password"],
    run: checkVolumePasswords,
  },
  {
    id: "config.ports",
    title: "ports are published on this machine alone",
    finds: ["config.open-port"],
    run: checkOpenPorts,
  },
  {
    id: "config.ignores",
    title: "what the compose file tells the doctor to ignore has a name and a reason",
    finds: ["config.bad-ignore", "config.unknown-ignore"],
    run: checkIgnores,
  },
];
