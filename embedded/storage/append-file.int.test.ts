import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openAppendFile } from "./append-file.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "append-file-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("openAppendFile", () => {
  it("holds what was appended at the positions that it told, in the order of the calls", async () => {
    let run = 0;
    const chunk = fc.uint8Array({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(chunk, { maxLength: 4 }), { maxLength: 30 }), async (appends) => {
        run += 1;
        const path = join(folder, `${run}`);
        const file = await openAppendFile(path);
        const positions = await Promise.all(appends.map((chunks) => file.append(chunks)));
        const wanted = appends.map((chunks) => Buffer.concat(chunks));
        for (const [index, bytes] of wanted.entries()) {
          expect(await file.read(positions[index] ?? -1, bytes.length)).toEqual(bytes);
        }
        await file.close();
        expect(readFileSync(path)).toEqual(Buffer.concat(wanted));
      }),
    );
  });

  it("writes more chunks at once than one system call takes", async () => {
    const file = await openAppendFile(join(folder, "many"));
    const chunks = Array.from({ length: 3_000 }, (_, index) => Buffer.from([index % 256]));
    expect(await file.append(chunks)).toBe(0);
    expect(await file.read(0, 3_000)).toEqual(Buffer.concat(chunks));
    await file.close();
  });

  it("goes on behind what the file holds, and after a cut at the cut", async () => {
    const path = join(folder, "again");
    const first = await openAppendFile(path);
    await first.append([Buffer.from("kept torn")]);
    await first.close();
    const second = await openAppendFile(path);
    await second.truncate(4);
    expect(await second.append([Buffer.from(" more")])).toBe(4);
    await second.close();
    expect(readFileSync(path, "utf8")).toBe("kept more");
  });

  it("refuses to read past the end and to append once closed", async () => {
    const file = await openAppendFile(join(folder, "end"));
    await file.append([Buffer.from("abc")]);
    await expect(file.read(1, 3)).rejects.toThrow("before 4");
    await file.close();
    await expect(file.append([Buffer.from("d")])).rejects.toThrow("is closed");
  });

  it("flushes what was appended so far without waiting for an end of what comes meanwhile", async () => {
    const file = await openAppendFile(join(folder, "busy"));
    let isFlushed = false;
    const append = async () => {
      while (!isFlushed) await file.append([Buffer.alloc(100)]);
    };
    const busy = Promise.all([append(), append()]);
    await Promise.all([file.flush(), file.flush()]);
    isFlushed = true;
    await busy;
    await file.close();
    expect(readFileSync(join(folder, "busy"))).toHaveLength(file.sizeBytes);
  });

  it("has the disk take what is new, and bothers it for nothing else", async () => {
    const probe = await open(join(folder, "probe"), "w");
    // Only a power cut shows what a disk has: here it is asked whether it was told.
    const synced = vi.spyOn(Object.getPrototypeOf(probe), "datasync");
    await probe.close();
    const file = await openAppendFile(join(folder, "synced"));
    const countAfter = async (work: () => Promise<unknown>) => {
      await work();
      return synced.mock.calls.length;
    };
    expect(await countAfter(() => file.append([Buffer.from("a")]))).toBe(0);
    expect(await countAfter(() => file.flush())).toBe(1);
    expect(await countAfter(() => file.flush())).toBe(1);
    await file.append([Buffer.from("b")]);
    expect(await countAfter(() => file.close())).toBe(2);
    synced.mockRestore();
  });
});
