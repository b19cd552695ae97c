import { describe, expect, it } from "vitest";
import type { Service } from "../compose/model.js";
import { mayUse, resolveContainerUser } from "./container-user.js";

const service = (more: Partial<Service> = {}): Service => ({ command: null, entrypoint: null, ...more });
const kind = (name: "mysql" | "http") => ({ "x-mybroker": { kind: name, port: 1 } });
const root = { kind: "root" };
const other = { kind: "other" };

describe("resolveContainerUser", () => {
  it.each([
    {
      name: "user: before the image's",
      given: service({ user: "7:8" }),
      imageUser: "nobody",
      is: { ...other, uid: 7, gid: 8 },
    },
    { name: "the image's", given: service(), imageUser: "472", is: { ...other, uid: 472 } },
    { name: "a name, whose number only the image knows", given: service(), imageUser: "nobody", is: other },
    { name: "an image without USER", given: service(), imageUser: "", is: root },
    { name: "a database that gives root up", given: service(kind("mysql")), imageUser: "", is: other },
    {
      name: "a server whose image is not here",
      given: service(kind("http")),
      imageUser: undefined,
      is: other,
    },
    { name: "anything else whose image is not here", given: service(), imageUser: undefined, is: root },
  ])("$name", ({ given, imageUser, is }) => {
    expect(resolveContainerUser({ service: given, imageUser, rootless: false })).toEqual(is);
  });

  it("takes no number for the host's where the engine is rootless", () => {
    const given = service({ user: "1000:1000" });
    expect(resolveContainerUser({ service: given, imageUser: "", rootless: true })).toEqual(other);
  });
});

describe("mayUse", () => {
  const file = (mode: number) => ({ uid: 1, gid: 2, mode, isDirectory: () => false });
  const folder = (mode: number) => ({ uid: 1, gid: 2, mode, isDirectory: () => true });

  it("takes the bits of the first class that fits, as the kernel does", () => {
    expect(mayUse({ kind: "other", uid: 1 }, file(0o400))).toBe(true);
    expect(mayUse({ kind: "other", uid: 1 }, file(0o044))).toBe(false);
    expect(mayUse({ kind: "other", uid: 9, gid: 2 }, file(0o040))).toBe(true);
    expect(mayUse({ kind: "other", uid: 9, gid: 2 }, file(0o404))).toBe(false);
    expect(mayUse({ kind: "other" }, file(0o004))).toBe(true);
    expect(mayUse({ kind: "root" }, file(0))).toBe(true);
  });

  it("wants to enter and to list a folder", () => {
    expect(mayUse({ kind: "other" }, folder(0o005))).toBe(true);
    expect(mayUse({ kind: "other" }, folder(0o004))).toBe(false);
    expect(mayUse({ kind: "other" }, folder(0o001))).toBe(false);
  });
});
