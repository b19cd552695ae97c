import { type Finding, fine } from "../check.js";

/** package.json, "engines"; of an odd or old line the bundle may load and then fail anywhere. */
const oldest = [20, 19] as const;

export function judgeNodeVersion(version: string): Finding {
  const id = "machine.node-old";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const message = `Node.js ${version}`;
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return fine(id, "node", message);
  const wanted = `${message}, and mybroker needs ${oldest.join(".")} or later`;
  return { id, subject: "node", level: "error", message: wanted, fix: "npx node@20 --version" };
}
