import { askHttp } from "../../ready/servers/http-request.js";
import { oneLine } from "../../ready/servers/wire.js";
import type { Finding } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import type { Examination } from "./examine.js";

interface Datasource {
  readonly uid: string;
  readonly name: string;
}

/** Every data source that there is, asked by Grafana itself whether it works. */
export async function examineDatasources({ target, session }: Examination): Promise<readonly Finding[]> {
  const { user = "admin", password, service } = target;
  if (password === undefined) return [];
  const ask = (path: string) => askHttp({ target, session, path, login: { user, password } });
  const listed = await ask("/api/datasources");
  const sources = listed.status === 200 ? readList<Datasource>(listed.body) : [];
  const found = await Promise.all(
    sources.map(async ({ uid, name }): Promise<Finding[]> => {
      const { status, body } = await ask(`/api/datasources/uid/${encodeURIComponent(uid)}/health`);
      // 404: a kind of source that has no such question.
      if (status < 400 || status === 404) return [];
      const repair = repairWith("restart", service);
      const message = `${service} cannot use its data source ${name}: ${readMessage(body)}`;
      return [
        {
          id: "grafana.datasource",
          subject: service,
          level: "warning",
          message,
          fix: repair.command,
          repair,
        },
      ];
    }),
  );
  return found.flat();
}

function readList<Item>(body: string): Item[] {
  try {
    const list: unknown = JSON.parse(body);
    return Array.isArray(list) ? (list as Item[]) : [];
  } catch {
    return [];
  }
}

function readMessage(body: string): string {
  try {
    return oneLine(String((JSON.parse(body) as { message?: unknown }).message ?? "it does not say why"));
  } catch {
    return "it does not say why";
  }
}
