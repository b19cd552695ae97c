import { open, readFile, rename } from "node:fs/promises";

interface StoredExchange {
  readonly name: string;
  readonly type: string;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  /** Field tables are kept as the protocol writes them, in base64: their types matter when they are declared again. */
  readonly arguments: string;
}

interface StoredQueue {
  readonly name: string;
  readonly autoDelete: boolean;
  readonly arguments: string;
}

interface StoredBinding {
  readonly source: string;
  readonly destinationType: "queue" | "exchange";
  readonly destination: string;
  readonly routingKey: string;
  readonly arguments: string;
}

/** All that was declared durable. */
export interface Catalog {
  readonly version: number;
  readonly exchanges: readonly StoredExchange[];
  readonly queues: readonly StoredQueue[];
  readonly bindings: readonly StoredBinding[];
}

export const catalogVersion = 1;

/** The catalog's file: replaced as a whole, so that a kill leaves the old one or the new one. */
export class CatalogFile {
  readonly #path: string;
  #waiting: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined when there is none yet. @throws Error with code DATA_DAMAGED or DATA_NEWER */
  async read(): Promise<Catalog | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    let catalog: Catalog;
    try {
      catalog = JSON.parse(text) as Catalog;
    } catch {
      throw Object.assign(new Error(`${this.#path} is damaged: it is not JSON`), { code: "DATA_DAMAGED" });
    }
    if (catalog?.version > catalogVersion) {
      throw Object.assign(new Error(`${this.#path} was written by a newer version`), { code: "DATA_NEWER" });
    }
    const lists = [catalog?.exchanges, catalog?.queues, catalog?.bindings];
    if (!lists.every(Array.isArray)) {
      throw Object.assign(new Error(`${this.#path} is damaged: a list is missing`), { code: "DATA_DAMAGED" });
    }
    return catalog;
  }

  /**
   * Resolves once what `collect` then returns is in the file; calls that come while it is written share the next write.
   */
  save(collect: () => Catalog): Promise<void> {
    this.#waiting ??= this.#writing.then(() => {
      this.#waiting = undefined;
      const written = this.#write(collect());
      this.#writing = written.catch(() => {});
      return written;
    });
    return this.#waiting;
  }

  async #write(catalog: Catalog): Promise<void> {
    const temporary = `${this.#path}.new`;
    const handle = await open(temporary, "w", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(catalog, undefined, 1)}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, this.#path);
  }
}
