import { posix } from "node:path";
import type { Mount } from "./model.js";
import { InvalidValue } from "./port-mapping.js";

const propagations = new Set(["rprivate", "private", "rshared", "shared", "rslave", "slave"]);

/** A volume in its short form: "[SOURCE:]TARGET[:OPTION,…]"; a source that looks like a path is a bind mount. */
export function parseMount(text: string): Mount {
  if (text === "") throw new InvalidValue("an empty volume");
  // Compose leaves the empty "volume" object out of targets this short, and the interop hash sees it.
  if (text.length <= 2) return { type: "volume", target: cleanTarget(text) };
  const parts = splitAtColons(text);
  if (parts.includes("")) throw new InvalidValue(`"${text}" has an empty part between colons`);
  if (parts.length > 3) throw new InvalidValue(`"${text}" has more than two colons`);
  const [first = "", second, options] = parts;
  const mount: Mount = { type: "volume", target: cleanTarget(second ?? first) };
  if (second !== undefined) mount.source = first;
  applyOptions(mount, options?.split(",") ?? []);
  if (mount.source !== undefined && isPath(mount.source)) {
    mount.type = "bind";
    mount.bind = { ...mount.bind, create_host_path: true };
  } else {
    mount.volume = { ...mount.volume };
  }
  return mount;
}

/** The target without "." , ".." and a slash at its end. */
export function cleanTarget(target: string): string {
  const normal = posix.normalize(target);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** Colons separate, but not the one of a Windows drive. */
function splitAtColons(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (const character of text) {
    if (character === ":" && !/^[a-zA-Z]$/.test(part)) {
      parts.push(part);
      part = "";
    } else part += character;
  }
  return [...parts, part];
}

function applyOptions(mount: Mount, options: readonly string[]): void {
  for (const option of options) {
    if (option === "ro") mount.read_only = true;
    else if (option === "rw") mount.read_only = false;
    else if (option === "nocopy") mount.volume = { nocopy: true };
    else if (propagations.has(option)) mount.bind = { ...mount.bind, propagation: option };
    else if (option === "z" || option === "Z") mount.bind = { ...mount.bind, selinux: option };
    // Compose ignores a word that it does not know; a typo in "ro" would make the mount writable.
    else
      throw new InvalidValue(
        `option "${option}" of a volume; it can be ro, rw, z, Z, nocopy or a propagation`,
      );
  }
}

function isPath(source: string): boolean {
  return /^([./~]|\\\\|[a-zA-Z]:)/.test(source);
}
