import { Chalk } from "chalk";
import type { Style } from "./output.js";

/**
 * Every colour that a screen may have, as numbers of the table of 256. The sixteen named ones look as the terminal's
 * theme has it, and most themes have a yellow and a cyan that cannot be read on white. These are the same everywhere,
 * and far enough (3:1, WCAG 2.2, 1.4.11) from black, white and both backgrounds of Solarized.
 */
export const palette = { red: 167, green: 28, yellow: 136, cyan: 31, dim: 244 } as const;

/** Decides colour as NO_COLOR, FORCE_COLOR and --color say; --color wins, then NO_COLOR. */
export function createStyle(
  choice: "auto" | "always" | "never",
  isTty: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const chalk = new Chalk({ level: colourWanted(choice, isTty, env) ? 2 : 0 });
  return {
    bold: chalk.bold,
    dim: chalk.ansi256(palette.dim),
    red: chalk.ansi256(palette.red),
    green: chalk.ansi256(palette.green),
    yellow: chalk.ansi256(palette.yellow),
    cyan: chalk.ansi256(palette.cyan),
  };
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
