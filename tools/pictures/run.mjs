// npm run pictures [-- NAME...]: records the pictures of README and docs/screens.md, all of them or those that are
// named, and writes docs/pictures/NAME.svg. A picture is never edited: change a scene (scenes.mjs), or what the command
// prints, and record it again. Needs Linux with util-linux, the project's ports free, and, for those of Docker, an engine
// with the images and Docker Compose. Nothing else should run on the machine: the times are real.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { drawPicture } from "./draw.mjs";
import { scenes } from "./scenes.mjs";
import { buildStage, columns } from "./stage.mjs";

const root = resolve(import.meta.dirname, "../..");
const folder = join(root, "docs", "pictures");
/** A page should not wait for its pictures. */
const mostBytes = 60_000;

const names = process.argv.slice(2);
const unknown = names.filter((name) => !scenes.some((scene) => scene.name === name));
if (unknown.length > 0) {
  console.error(`no picture ${unknown.join(", ")}; there are ${scenes.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const wanted = scenes.filter(({ name }) => names.length === 0 || names.includes(name));
for (const scene of wanted) await make(scene);

async function make({ name, runtime, record, ...facts }) {
  const stage = buildStage(root, runtime);
  try {
    const path = join(folder, `${name}.svg`);
    writeFileSync(path, drawPicture({ ...facts, columns, ...(await record(stage)) }));
    const { size } = statSync(path);
    if (size > mostBytes) throw new Error(`${path} has ${size} bytes; at most ${mostBytes} are wanted`);
    console.log(`${name}.svg  ${(size / 1000).toFixed(1)} kB`);
  } finally {
    stage.remove();
  }
}
