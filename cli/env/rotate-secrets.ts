import { notOneOff, ofProject, ofService } from "../compose/label-names.js";
import type { Project } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import { MybrokerError } from "../errors/mybroker-error.js";
import type { ProbeTarget } from "../ready/probe.js";
import { resolveTarget } from "../ready/target.js";
import type { KeptSecret, RotationPlan, StoredLogin } from "./plan-rotation.js";

export interface RotationWork {
  /** Not needed where the plan has no logins. */
  readonly engine: Engine | undefined;
  readonly project: Project;
  readonly plan: RotationPlan;
  /** The new value of each planned key. */
  readonly fresh: ReadonlyMap<string, string>;
  /** Changes it in the running server and proves it; throws a MybrokerError where the old one still holds. */
  readonly changePassword: (target: ProbeTarget, newPassword: string) => Promise<void>;
}

export interface Rotation {
  /** Keys that every server has taken: these belong into .env now. */
  readonly changed: ReadonlyMap<string, string>;
  readonly kept: readonly KeptSecret[];
  /** Gives the servers their old passwords back, for when .env could not be written. */
  undo(): Promise<void>;
}

interface Change {
  readonly target: ProbeTarget;
  readonly newPassword: string;
}

/**
 * Changes each planned secret in all the servers that keep it, or in none: where one refuses, those before it get
 * the old password back and the key stays as it is.
 */
export async function rotateInServers(work: RotationWork): Promise<Rotation> {
  const changed = new Map<string, string>();
  const kept: KeptSecret[] = [...work.plan.kept];
  const done: Change[] = [];
  for (const [key, logins] of work.plan.keys) {
    const newPassword = work.fresh.get(key);
    if (newPassword === undefined) continue;
    const outcome = await changeEverywhere(work, logins, { key, newPassword });
    if (outcome.failure === undefined) {
      changed.set(key, newPassword);
      done.push(...outcome.changes);
    } else kept.push({ key, reason: outcome.failure, failed: true });
  }
  return { changed, kept, undo: () => revert(work, done) };
}

async function changeEverywhere(
  work: RotationWork,
  logins: readonly StoredLogin[],
  wish: { readonly key: string; readonly newPassword: string },
): Promise<{ changes: Change[]; failure?: string }> {
  const changes: Change[] = [];
  try {
    // All have to be there before the first is touched.
    const oldPassword = work.project.environment[wish.key] ?? "";
    const targets = await Promise.all(logins.map((login) => findTarget(work, login, oldPassword)));
    for (const target of targets) {
      await work.changePassword(target, wish.newPassword);
      changes.push({ target, newPassword: wish.newPassword });
    }
    return { changes };
  } catch (error) {
    if (!(error instanceof MybrokerError)) throw error;
    await revert(work, changes);
    return { changes: [], failure: error.message };
  }
}

async function revert(work: RotationWork, changes: readonly Change[]): Promise<void> {
  for (const { target, newPassword } of [...changes].reverse()) {
    await work.changePassword({ ...target, password: newPassword }, target.password ?? "");
  }
}

async function findTarget(
  { engine, project }: RotationWork,
  { service, user }: StoredLogin,
  password: string,
): Promise<ProbeTarget> {
  const labels = [ofProject(project.name), ofService(service), notOneOff];
  const [summary] = (await engine?.listContainers({ labels, all: false })) ?? [];
  const container = summary === undefined ? undefined : await engine?.inspectContainer(summary.id);
  const target =
    container === undefined || engine === undefined
      ? undefined
      : resolveTarget({ project, service, container, hostAddress: engine.endpoint.hostAddress });
  if (target !== undefined) return { ...target, user, password };
  throw new MybrokerError({
    code: "env.server-absent",
    message: container === undefined ? `${service} does not run` : `${service} publishes no port`,
    exitCode: 1,
  });
}
