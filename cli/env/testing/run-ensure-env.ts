import { MybrokerError } from "../../errors/mybroker-error.js";
import { ensureEnv } from "../ensure-env.js";
import { emptyProject, sampleContext } from "./sample-project.js";

/** ensureEnv as a program, to be run as another user: argv is the folder and the home; prints one JSON line. */
async function main(folder: string, home: string): Promise<void> {
  try {
    const result = await ensureEnv({
      context: sampleContext(home),
      folder,
      ports: "auto",
      connect: async () => undefined,
      loadProject: async () => emptyProject(folder),
    });
    process.stdout.write(JSON.stringify({ state: result.state, warnings: result.warnings }));
  } catch (error) {
    const known =
      error instanceof MybrokerError ? { code: error.code, exitCode: error.exitCode, hint: error.hint } : {};
    process.stdout.write(JSON.stringify({ message: (error as Error).message, ...known }));
  }
}

void main(process.argv[2] ?? "", process.argv[3] ?? "");
