import { describe, expect, it } from "vitest";
import type { Project } from "../compose/model.js";
import type { Observed } from "../reconcile/observed.js";
import { findOtherVersions } from "./data-check.js";
import type { RecordedData } from "./data-record.js";
import { otherVersionError } from "./data-text.js";

const wanted = "postgres:17.2";
const project = {
  name: "lab",
  environment: { DB_IMAGE: wanted, IMAGE_REGISTRY: "mirror/" },
  services: {
    db: {
      ...{ command: null, entrypoint: null, image: wanted, "x-mybroker": { kind: "postgres", port: 5432 } },
      volumes: [
        { type: "volume", source: "data", target: "/data" },
        { type: "bind", source: "/init", target: "/init" },
      ],
    },
  },
  volumes: { data: { name: "lab_data" } },
} as unknown as Project;

interface Past {
  /** When the volume that is there was made; absent: there is none. */
  readonly createdAt?: string;
  readonly container?: { readonly image: string; readonly health: string; readonly oneOff?: boolean };
  readonly recorded?: RecordedData;
  readonly image?: readonly string[];
}

function look({ createdAt = "then", container, recorded, image }: Past, services = ["db"]) {
  const observed = {
    volumes: createdAt === "" ? [] : [{ name: "lab_data", createdAt }],
    images: new Map(image === undefined ? [] : [[wanted, { config: { Env: image } }]]),
    containers:
      container === undefined
        ? []
        : [
            {
              ...{ service: "db", oneOff: container.oneOff ?? false },
              details: {
                Config: { Image: container.image, Env: [] },
                State: { Health: { Status: container.health } },
              },
            },
          ],
  } as unknown as Observed;
  const record = recorded === undefined ? {} : { lab_data: recorded };
  return findOtherVersions({ project, observed, services, record });
}

const of16 = { createdAt: "then", version: "16.1", image: "mirror/postgres:16.1" };
const running = (version: string, health: string) => ({ image: `postgres:${version}`, health });

describe("data of another version", () => {
  it.each<[string, Past, string[]]>([
    ["are those that a healthy container has", { container: running("16.4", "healthy") }, ["16.4"]],
    [
      "are told by a healthy container before any record",
      { container: running("17.1", "healthy"), recorded: of16 },
      [],
    ],
    ["are told by the record where the container is gone", { recorded: of16 }, ["16.1"]],
    [
      "are told by the record where the container may never have got at them",
      { container: running("17.2", "unhealthy"), recorded: of16 },
      ["16.1"],
    ],
    ["are told by a container that is not well", { container: running("15.3", "starting") }, ["15.3"]],
    ["are not in a volume that was made anew under the name", { createdAt: "later", recorded: of16 }, []],
    ["are not in a volume that is gone", { createdAt: "", container: running("16.4", "healthy") }, []],
    ["are none of `compose run`", { container: { ...running("16.4", "healthy"), oneOff: true } }, []],
    ["fit what the image says of itself", { recorded: of16, image: ["PG_VERSION=16.9-1"] }, []],
  ])("%s", (_, past, versions) => {
    const found = look(past);
    expect(found.map(({ from }) => from)).toEqual(versions);
    for (const one of found)
      expect(one).toMatchObject({ service: "db", volume: "lab_data", verdict: "refuses" });
  });

  it("are nobody's business where their server is not started", () => {
    expect(look({ recorded: of16 }, [])).toEqual([]);
  });

  it("are refused with the volume, both versions and the three ways out", () => {
    const [first] = look({ recorded: of16 });
    if (first === undefined) throw new Error("nothing is found");
    const { message, lines = [], exitCode } = otherVersionError([first], project);
    expect({ message, exitCode }).toEqual({
      message: "The volume lab_data holds data of PostgreSQL 16.1, which 17.2 does not take",
      exitCode: 3,
    });
    expect(lines.slice(1)).toEqual([
      "Do      go back:  DB_IMAGE=postgres:16.1  in .env",
      "Or      take the data along:  docs/upgrading.md#postgresql",
      "Or      give it up:  {mybroker} down --volumes      all data of lab",
    ]);
  });
});
