import { Chalk } from "chalk";
import type { Style } from "./output.js";

/** Decides colour as NO_COLOR, FORCE_COLOR and --color say; --color wins, then NO_COLOR. */
export function createStyle(
  choice: "auto" | "always" | "never",
  isTty: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Style {
  return new Chalk({ level: colourWanted(choice, isTty, env) ? 1 : 0 });
}

function colourWanted(
  choice: "auto" | "always" | "never",
  isTty: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (choice !== "auto") return choice === "always";
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0";
  return isTty && env.TERM !== "dumb";
}
