import { describe, expect, it } from "vitest";
import { parseLsof, parseSocketTable } from "./port-holder.js";
import { describePortConflict, portConflictError } from "./port-text.js";
import type { PortConflict, PortHolder } from "./ports.js";

function conflict(holder: PortHolder, changes: Partial<PortConflict> = {}): PortConflict {
  return { service: "wallet-db", hostIp: "127.0.0.1", port: 3307, protocol: "tcp", holder, ...changes };
}

describe("describePortConflict", () => {
  it.each<[string, PortConflict, string]>([
    [
      "a container of Compose",
      conflict({ kind: "container", name: "web-db-1", project: "web", service: "db" }),
      "wallet-db  127.0.0.1:3307  taken by container web-db-1 of project web.  Do: docker compose -p web stop db",
    ],
    [
      "a plain container",
      conflict({ kind: "container", name: "mysql" }),
      "wallet-db  127.0.0.1:3307  taken by container mysql.  Do: docker stop mysql",
    ],
    [
      "a process, with the key that moves the port",
      conflict(
        { kind: "process", pid: 812, name: "mysqld", uid: 0 },
        { key: "WALLET_DB_HOST_PORT", freePort: 3310 },
      ),
      "wallet-db  127.0.0.1:3307  taken by mysqld, pid 812.  Do: kill 812  or  WALLET_DB_HOST_PORT=3310 in .env",
    ],
    [
      "a unit of systemd",
      conflict({ kind: "process", pid: 812, name: "mysqld", unit: "mysql.service" }),
      "wallet-db  127.0.0.1:3307  taken by mysqld, pid 812.  Do: sudo systemctl stop mysql.service",
    ],
    [
      "another project's embedded runtime",
      conflict({ kind: "runtime", pid: 812, name: "mybroker", folder: "/home/me/other", alone: true }),
      "wallet-db  127.0.0.1:3307  taken by the embedded runtime of mybroker in /home/me/other, pid 812.  Do: cd /home/me/other && {mybroker} down",
    ],
    [
      "another user's process",
      conflict({ kind: "process", uid: 0 }, { protocol: "udp" }),
      "wallet-db  127.0.0.1:3307/udp  taken by a process of user id 0.  Do: sudo lsof -nP -iUDP:3307",
    ],
    [
      "a service of the same file",
      conflict({ kind: "service", service: "order-db" }, { hostIp: "" }),
      "wallet-db  3307  taken by service order-db of this project.  Do: change it in the compose file",
    ],
  ])("%s", (_, one, expected) => {
    const lines = describePortConflict(one);
    expect(lines.map((line) => line.trim()).join("  ")).toBe(expected);
    expect(lines.length).toBe(expected.length <= 78 ? 1 : 2);
  });

  it("lists k conflicts as k lines of one refusal", () => {
    const error = portConflictError([
      conflict({ kind: "process", pid: 1 }),
      conflict({ kind: "process", pid: 2 }, { port: 3308 }),
    ]);
    expect(error).toMatchObject({ exitCode: 3, code: "ports.taken" });
    expect(error.lines).toHaveLength(2);
  });
});

describe("holders", () => {
  it("reads listening sockets from /proc/net/tcp6", () => {
    const table = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 31338 1 0000000000000000 20 4 30 10 -1
`;
    expect(parseSocketTable(table, "tcp")).toEqual([{ port: 8080, uid: 1000, inode: "31337" }]);
  });

  it("reads lsof's fields", () => {
    const text = "p812\ncmysqld\nu74\nf21\nn127.0.0.1:3306\np900\ncnode\nu501\nf18\nn*:8080\nf19\nn[::1]:9\n";
    expect([...parseLsof(text, new Set([3306, 8080]))]).toEqual([
      [3306, { kind: "process", pid: 812, name: "mysqld", uid: 74 }],
      [8080, { kind: "process", pid: 900, name: "node", uid: 501 }],
    ]);
  });
});
