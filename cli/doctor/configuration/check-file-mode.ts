import { showPath } from "../../compose/load-text.js";
import { readTextFile } from "../../env/read-env-file.js";
import { quoteForShell } from "../../errors/quote-for-shell.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";

/** Windows has no such bits. */
export async function checkFileModes({ project, request }: DoctorFacts): Promise<readonly Finding[]> {
  const { platform, cwd } = request.context;
  if (platform === "win32") return [];
  const files = await Promise.all(project.envFiles.map((path) => readTextFile(path).catch(() => undefined)));
  return files.flatMap((file) =>
    file === undefined ? [] : [judgeMode(showPath(file.path, cwd), file.mode)],
  );
}

export function judgeMode(path: string, mode: number): Finding {
  const id = "env.file-mode";
  const text = `mode 0${mode.toString(8).padStart(3, "0")}`;
  if ((mode & 0o077) === 0) return fine(id, path, text);
  const message = `others on this machine may read ${path}, which holds secrets (${text})`;
  return { id, subject: path, level: "warning", message, fix: `chmod 600 ${quoteForShell(path)}` };
}
