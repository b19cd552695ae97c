import { findExtensionProblem } from "../../compose/check-extension.js";
import { findNearest } from "../../errors/nearest.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";
import { editCommand } from "../edit-command.js";
import { type Ignore, readIgnores } from "../ignores.js";

/** An ignore that nobody can judge later, or that hides nothing, is itself told. */
export async function checkIgnores(facts: DoctorFacts): Promise<readonly Finding[]> {
  // The list of all checks holds this one.
  const [{ checks }, { findingIds }] = await Promise.all([
    import("../checks.js"),
    import("../choose-checks.js"),
  ]);
  const known = findingIds(checks);
  const broken = await checkTop(facts);
  const judged = await Promise.all(
    readIgnores(facts.project).map(async (ignore) =>
      judgeIgnore(ignore, { known, place: (await facts.placeOf(ignore.path)) ?? "docker-compose.yml:1" }),
    ),
  );
  return [...broken, ...judged];
}

/** Beside a service the whole of x-mybroker is checked when the file is read; at the top nothing else stands in it. */
async function checkTop({ project, placeOf }: DoctorFacts): Promise<Finding[]> {
  const extension = project.extensions["x-mybroker"];
  if (extension === undefined) return [];
  const [key, ...others] = Object.keys(Object(extension)).filter((name) => name !== "doctor");
  const place = (await placeOf(["x-mybroker", key ?? "doctor"])) ?? "docker-compose.yml:1";
  const problem =
    key === undefined
      ? findExtensionProblem({ kind: "http", port: 80, ...Object(extension) })
      : { key: [key, ...others].join(", "), message: "has no meaning at the top of a file" };
  if (problem === undefined) return [];
  const message = `${place}: x-mybroker.${problem.key} ${problem.message}`;
  return [{ id: "config.bad-ignore", subject: place, level: "warning", message, fix: editCommand(place) }];
}

export function judgeIgnore(
  { id, reason }: Ignore,
  { known, place }: { readonly known: readonly string[]; readonly place: string },
): Finding {
  const problem = { subject: place, level: "warning", fix: editCommand(place) } as const;
  if (reason === undefined) {
    const message = `${place} ignores ${id === "" ? "something" : id} and gives no reason, so it is not ignored`;
    return { ...problem, id: "config.bad-ignore", message };
  }
  if (known.includes(id)) return fine("config.bad-ignore", place, `${id} is ignored: ${reason}`);
  const nearest = findNearest(id, known);
  const meant = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  return {
    ...problem,
    id: "config.unknown-ignore",
    message: `${place} ignores ${id || "something"}, which no finding is called${meant}`,
  };
}
