import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { milliseconds } from "../figures.mjs";
import { createLoader } from "../load/bulk-loader.mjs";
import { interleave, median } from "../statistics.mjs";

export const title = "Filling the stores";
/** What stands in the second column. */
export const peer = "the server's own client";

const rounds = 5;
const warmUps = 1;
const scale = 2;
const noOps = 7;

const servers = [
  {
    kind: "mysql",
    service: "broker-wallet-db",
    port: "BROKER_WALLET_DB_HOST_PORT",
    name: "MySQL, LOAD DATA LOCAL",
    migration: "services/broker-wallet/adapters/migrations/001-create-wallet.mysql.sql",
    login: ["BROKER_DB_USER", "BROKER_DB_PASS", "BROKER_WALLET_DB_NAME"],
    // The time is told by the shell in the container: without the start of docker exec.
    native: (table, columns) =>
      `export MYSQL_PWD="$MYSQL_PASSWORD"; client="mysql -h127.0.0.1 --protocol=tcp -u$MYSQL_USER --local-infile=1 $MYSQL_DATABASE"; $client -e "truncate table ${table}"; start=$(date +%s%N); $client -e "load data local infile '/tmp/rows.tsv' into table ${table} (${columns})"; end=$(date +%s%N); echo $(( (end - start) / 1000 ))`,
  },
  {
    kind: "postgres",
    service: "b3-core-db",
    port: "B3_CORE_DB_HOST_PORT",
    name: "Postgres, COPY",
    table: [
      "create table if not exists transactions (user_id varchar(64) not null, sequence bigint not null, transaction_id varchar(64) not null unique, transaction_type varchar(20) not null, amount numeric(19,4) not null, ticker varchar(8), quantity bigint, order_id varchar(64), execution_id varchar(70), balance_after numeric(19,4) not null, blocked_balance_after numeric(19,4) not null, created_at timestamptz not null, primary key (user_id, sequence), unique (order_id, execution_id, transaction_type))",
    ],
    login: ["B3_CORE_USER", "B3_CORE_PASSWORD", "B3_CORE_DB"],
    native: (table, columns) =>
      `export PGPASSWORD="$POSTGRES_PASSWORD"; client="psql -qh 127.0.0.1 -U $POSTGRES_USER -d $POSTGRES_DB"; $client -c "truncate table ${table}"; start=$(date +%s%N); $client -c "\\\\copy ${table} (${columns}) from '/tmp/rows.tsv'"; end=$(date +%s%N); echo $(( (end - start) / 1000 ))`,
  },
];

/**
 * The loader of `mybroker seed` and the server's own client in turn, the same rows into the same table; then a whole
 * `seed` on the nine stores, and one that has nothing to do.
 * @param {{ root: string, sandbox: object, peers: object, say: (line: string) => void, signal: AbortSignal }} setting
 */
export async function run({ root, sandbox, peers, say, signal }) {
  const loader = await bundle(root);
  const folder = mkdtempSync(join(tmpdir(), "mybroker-bench-seed-"));
  try {
    const stores = [...new Set([...servers.map(({ service }) => service), ...storeNames])];
    await sandbox.run([...peers.ours.up(sandbox.project), ...stores], signal);
    const samples = {};
    const figures = [];
    const ledger = loader.makeLedger(scale);
    loader.writeLedger(join(folder, "rows.tsv"), ledger);
    for (const server of servers) {
      const rates = await pair({ server, ledger, loader, sandbox, root, folder, signal });
      samples[server.kind] = rates;
      say(`${server.name}: ${Math.round(median(rates.ours))} and ${Math.round(median(rates.native))} rows/s`);
      const share = median(rates.ours.map((rate, round) => rate / rates.native[round]));
      figures.push({
        what: `${server.name}, ${ledger.rows.length.toLocaleString("en")} rows (${share.toFixed(2)} x)`,
        target: ">= 0.6 x",
        ours: `${Math.round(median(rates.ours)).toLocaleString("en")} rows/s`,
        compose: `${Math.round(median(rates.native)).toLocaleString("en")} rows/s`,
        met: share >= 0.6,
      });
    }
    figures.push(...(await measureCommand({ sandbox, peers, signal, samples })));
    return { samples, figures, notes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const storeNames = [
  ...["broker-identity-db", "broker-wallet-db", "broker-order-db", "broker-asset-db", "b3-core-db"],
  ...["broker-mongodb", "broker-asset-cache", "broker-wallet-cache", "b3-market-cache"],
];

const notes = [
  `Medians of ${rounds} rounds in turn, rows of the wallet's ledger with its three indexes, committed. Ours from rows in memory, over the published port; the client inside the container from a file.`,
  "mongoimport is in neither image: MongoDB has no peer here.",
];

async function bundle(root) {
  const outfile = join(root, "node_modules", ".cache", "mybroker", `bench-seed-${process.pid}.mjs`);
  const contents = [
    'export { createWorld } from "./cli/seed/world/world.ts";',
    'export { openBulk } from "./kit/sql/bulk/bulk.ts";',
    'export { createLineEncoder } from "./kit/sql/bulk/encode-text.ts";',
  ].join("\n");
  const common = { bundle: true, platform: "node", format: "esm", packages: "external" };
  await build({ ...common, stdin: { contents, resolveDir: root, loader: "ts" }, outfile });
  try {
    return createLoader(await import(pathToFileURL(outfile).href));
  } finally {
    rmSync(outfile);
  }
}

async function pair({ server, ledger, loader, sandbox, root, folder, signal }) {
  const { values, project, run: execute } = sandbox;
  const [user, password, database] = server.login.map((key) => values.get(key));
  const settings = {
    kind: server.kind,
    host: "127.0.0.1",
    port: Number(values.get(server.port)),
    user,
    password,
    database,
  };
  await loader.execute(settings, server.table ?? readStatements(join(root, server.migration)));
  const container = `${project}-${server.service}-1`;
  await execute(["docker", "cp", join(folder, "rows.tsv"), `${container}:/tmp/rows.tsv`], signal);
  const columns = ledger.table.columns.map(({ name }) => name).join(", ");
  const native = async () => {
    const script = server.native(ledger.table.name, columns);
    return (
      Number((await execute(["docker", "exec", container, "bash", "-c", script], signal)).stdout) / 1_000
    );
  };
  const both = [
    { key: "ours", once: () => loader.timeBulk(settings, ledger) },
    { key: "native", once: native },
  ];
  const rates = { ours: [], native: [] };
  for (const [round, order] of interleave(both, warmUps + rounds).entries()) {
    for (const { key, once } of order) {
      signal.throwIfAborted();
      const tookMs = await once();
      if (round >= warmUps) rates[key].push((ledger.rows.length / tookMs) * 1_000);
    }
  }
  await loader.execute(settings, [`drop table ${ledger.table.name}`]);
  return rates;
}

/** Of the ledger's table alone: its other ones are made by the service's own migration later. */
function readStatements(path) {
  const [, statement] =
    /(create table transactions \([\s\S]*?\) character set[^;]*);/.exec(readFileSync(path, "utf8")) ?? [];
  if (statement === undefined) throw new Error(`${path} makes no table transactions`);
  return [statement];
}

async function measureCommand({ sandbox, peers, signal, samples }) {
  const seed = (...words) => [...peers.ours.seed(sandbox.project), ...words];
  const whole = await sandbox.run(seed("--scale", "1"), signal);
  samples.noOp = [];
  for (let round = 0; round < noOps; round += 1)
    samples.noOp.push((await sandbox.run(seed(), signal)).wallMs);
  samples.whole = whole.wallMs;
  return [
    {
      what: "`seed --scale 1` on nine stores",
      target: "-",
      ours: milliseconds(whole.wallMs),
      compose: "-",
      met: undefined,
    },
    {
      what: "`seed`, nothing to do",
      target: "<= 500 ms",
      ours: milliseconds(median(samples.noOp)),
      compose: "-",
      met: median(samples.noOp) <= 500,
    },
  ];
}
