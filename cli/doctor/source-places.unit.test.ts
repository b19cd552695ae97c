import { expect, it } from "vitest";
import { readYaml } from "../compose/read-yaml.js";
import { findPlace } from "./source-places.js";

const base = readYaml(
  [
    "x-db: &db",
    "  mem_limit: 1g",
    "services:",
    "  db:",
    "    <<: *db",
    "    ports:",
    '      - "1:1"',
    '      - "2:2"',
  ].join("\n"),
  { file: "/p/compose.yml", shownFile: "compose.yml" },
);
const override = readYaml(["services:", "  db:", "    mem_limit: 2g"].join("\n"), {
  file: "/p/override.yml",
  shownFile: "override.yml",
});

it.each([
  [["services", "db", "ports", 1], "compose.yml:8"],
  [["services", "db", "ports", 7], "compose.yml:6"],
  [["services", "db", "mem_limit"], "override.yml:3"],
  [["services", "db", "image"], "override.yml:2"],
  [["services", "cache"], "override.yml:1"],
  [["networks"], undefined],
])("%j stands at %s", (path, place) => {
  expect(findPlace([...override, ...base], path)).toBe(place);
});

it("follows a merge to where it is written", () => {
  expect(findPlace(base, ["services", "db", "mem_limit"])).toBe("compose.yml:2");
});
