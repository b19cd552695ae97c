import { existsSync, readFileSync } from "node:fs";

/** The little of the file system that finding an engine needs; tests pass a fake home instead. */
export interface FileReader {
  /** Undefined where there is no such file; throws where it is there and cannot be read. */
  readText(path: string): string | undefined;
  exists(path: string): boolean;
}

export const realFiles: FileReader = {
  readText(path) {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
    }
  },
  exists: existsSync,
};
