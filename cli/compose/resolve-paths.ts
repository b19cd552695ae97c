import { isAbsolute, join } from "node:path";

/** Relative paths start from the project's folder; ~ is the user's home. Absolute ones stay as they are written. */
export interface PathBase {
  readonly workingDir: string;
  readonly homeDir: string;
}

/** Absolute, as Compose resolves it: ~ is the home folder, anything else is taken from the project's folder. */
export function resolvePath(path: string, base: PathBase): string {
  const expanded = path.startsWith("~") ? join(base.homeDir, path.slice(1)) : path;
  const isWindowsPath = /^[a-zA-Z]:[\\/]|^\\\\/.test(expanded);
  return isAbsolute(expanded) || isWindowsPath ? expanded : join(base.workingDir, expanded);
}

/** A build context; an address (git, http) is none of this machine's paths. */
export function resolveContext(context: string, base: PathBase): string {
  const isRemote = /:\/\/|^(https?|git|ssh):|^github\.com\/|^git@|^service:/.test(context);
  return isRemote || context === "" ? context : resolvePath(context, base);
}
