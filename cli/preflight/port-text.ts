import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { PortConflict, PortHolder } from "./ports.js";

/** Who has the port, as half a sentence: "mysqld, pid 812", "container web-db-1 of project web". */
export function describeHolder(holder: PortHolder): string {
  if (holder.kind === "service") return `service ${holder.service} of this project`;
  if (holder.kind === "container") {
    return `container ${holder.name}${holder.project === undefined ? "" : ` of project ${holder.project}`}`;
  }
  if (holder.kind === "runtime") {
    return `the embedded runtime of ${holder.name} in ${holder.folder}, pid ${holder.pid}`;
  }
  if (holder.pid === undefined) {
    return holder.uid === undefined ? "a process that cannot be seen" : `a process of user id ${holder.uid}`;
  }
  return `${holder.name ?? "a process"}, pid ${holder.pid}`;
}

/** The command that frees the port; undefined where only another port helps. */
export function describeRelease({ holder, port, protocol }: PortConflict): string | undefined {
  if (holder.kind === "service") return undefined;
  if (holder.kind === "container") {
    return holder.project !== undefined && holder.service !== undefined
      ? `docker compose -p ${holder.project} stop ${holder.service}`
      : `docker stop ${holder.name}`;
  }
  if (holder.kind === "runtime") {
    return `cd ${holder.folder} && {mybroker} ${holder.alone ? "" : `-p ${holder.name} `}down`;
  }
  if (holder.unit !== undefined) return `sudo systemctl stop ${holder.unit}`;
  if (holder.pid !== undefined) return `kill ${holder.pid}`;
  return `sudo lsof -nP -i${protocol.toUpperCase()}:${port}`;
}

/** Of a screen's 80 columns two are the indentation of the list, two stand between the parts. */
const maxLength = 76;

/** One line for one conflict, or two where it is too long for a screen. */
export function describePortConflict(conflict: PortConflict): string[] {
  const { service, hostIp, port, protocol, key, freePort } = conflict;
  const address = `${hostIp === "" ? "" : `${hostIp.includes(":") ? `[${hostIp}]` : hostIp}:`}${port}`;
  const release = describeRelease(conflict);
  const ways = [
    ...(release === undefined ? [] : [release]),
    ...(key === undefined
      ? []
      : [freePort === undefined ? `another ${key} in .env` : `${key}=${freePort} in .env`]),
  ];
  const suffix = protocol === "udp" ? "/udp" : "";
  const what = `${service}  ${address}${suffix}  taken by ${describeHolder(conflict.holder)}.`;
  const way = `Do: ${ways.join("  or  ") || "change it in the compose file"}`;
  return what.length + way.length <= maxLength ? [`${what}  ${way}`] : [what, `  ${way}`];
}

/** The refusal (exit 3) that lists every conflict. */
export function portConflictError(conflicts: readonly PortConflict[]): MybrokerError {
  const count = conflicts.length;
  return new MybrokerError({
    code: "ports.taken",
    message: `${count} host ${count === 1 ? "port is" : "ports are"} taken; nothing was created.`,
    lines: conflicts.flatMap(describePortConflict),
    hint: "Free them, or choose other ports in .env; then  {mybroker} up",
    exitCode: exitCodes.machine,
    details: {
      conflicts: conflicts.map((conflict) => ({
        ...conflict,
        heldBy: describeHolder(conflict.holder),
        release: describeRelease(conflict) ?? null,
      })),
    },
  });
}
