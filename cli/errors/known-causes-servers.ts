import type { KnownCause } from "./known-causes.js";

/** Gives a server back an empty data folder. What it held is lost, so it is always said. */
const startEmpty =
  "or lose its data: docker rm -f {container} && docker volume rm {volume}, then {mybroker} up";

/** What single kinds of servers say when they cannot start. */
export const serverCauses: readonly KnownCause[] = [
  {
    id: "volume.other-password",
    kinds: ["mysql", "postgres", "mongodb", "http"],
    signs: [
      {
        answer: "denied",
        answerDetail:
          /Access denied for user '[^']*'@'[^']*' \(|28P01|28000|Authentication failed|UserNotFound|HTTP 401/,
      },
    ],
    cause: "The volume {volume} was made with another password (or user) than .env has now.",
    fix: `put the former password back into .env (copies of every .env: ~/.local/state/mybroker), ${startEmpty}`,
  },
  {
    id: "volume.other-database",
    kinds: ["mysql", "postgres"],
    signs: [
      {
        answer: "denied",
        answerDetail: /to database '[^']*'|database "[^"]*" does not exist|Unknown database/,
      },
    ],
    cause:
      "The volume {volume} was made for a database of another name; servers create it at their first start only.",
    fix: `put the former name back into .env, ${startEmpty}`,
  },
  {
    id: "redis.protected-mode",
    kinds: ["redis"],
    signs: [{ answer: "denied", answerDetail: /protected mode/ }],
    cause:
      "Redis has no password, and without one it answers nobody outside of its container (protected mode).",
    fix: "set requirepass in the configuration of {service} (or protected-mode no), then {mybroker} up",
  },
  {
    id: "container.other-password",
    kinds: ["redis", "rabbitmq", "kafka"],
    signs: [{ answer: "denied" }],
    cause: "The container was started with another password (or user) than .env has now.",
    fix: "{mybroker} up --force-recreate {service}",
  },
  {
    id: "mongo.no-avx",
    kinds: ["mongodb"],
    signs: [{ log: /requires a CPU with AVX support/ }, { exitCode: 132 }],
    cause: "MongoDB 5 and later need a CPU with AVX; this one has none.",
    fix: "set {imageKey}=mongo:4.4 in .env, then {mybroker} up",
  },
  {
    id: "mongo.incompatible-data",
    kinds: ["mongodb"],
    signs: [
      { log: /invalid featureCompatibilityVersion document/i },
      { log: /Wrong mongod version|UPGRADE PROBLEM|This version of MongoDB is too recent to start up/ },
    ],
    cause: "The data in {volume} belong to another major version of MongoDB, and no version skips one.",
    fix: `set {imageKey} in .env to the version that wrote them, ${startEmpty}`,
  },
  {
    id: "mysql.no-root-password",
    kinds: ["mysql"],
    signs: [{ log: /Database is uninitialized and password option is not specified/ }],
    cause: "MySQL creates no database without MYSQL_ROOT_PASSWORD, and it is empty.",
    fix: "{mybroker} init, then {mybroker} up",
  },
  {
    id: "mysql.downgrade",
    kinds: ["mysql"],
    signs: [
      { log: /Cannot boot server version (?<now>\d+) on data directory built by version (?<built>\d+)/ },
      { log: /Invalid MySQL server downgrade: Cannot downgrade from (?<built>\d+) to (?<now>\d+)/ },
    ],
    cause: "The data in {volume} were written by a newer MySQL ({built}) than this one ({now}).",
    fix: `set {imageKey} in .env to that version, ${startEmpty}`,
  },
  {
    id: "mysql.upgrade",
    kinds: ["mysql"],
    signs: [{ log: /Invalid MySQL server upgrade: Cannot upgrade from (?<built>\d+) to (?<now>\d+)/ }],
    cause:
      "MySQL does not read data of version {built} with version {now}: an upgrade goes one major version at a time.",
    fix: `set {imageKey} in .env to a version in between first, ${startEmpty}`,
  },
  {
    id: "mysql.half-initialised",
    kinds: ["mysql"],
    signs: [
      { log: /--initialize specified but the data directory has files in it/ },
      { log: /Table 'mysql\.(?:user|plugin)' doesn't exist|Failed to find valid data directory/ },
    ],
    cause: "The first start of MySQL was cut off in the middle: {volume} holds half a database.",
    fix: "nothing was stored yet: docker rm -f {container} && docker volume rm {volume}, then {mybroker} up",
  },
  {
    id: "mysql.unknown-setting",
    kinds: ["mysql"],
    signs: [{ log: /unknown (?:variable|option) '(?<name>[^']+)'/ }],
    cause: "This version of MySQL does not know the setting {name}.",
    fix: "remove it from command: of {service} in docker-compose.yml, or set {imageKey} to a version that has it",
  },
  {
    id: "postgres.no-password",
    kinds: ["postgres"],
    signs: [{ log: /superuser password is not specified/ }],
    cause: "PostgreSQL creates no database without POSTGRES_PASSWORD, and it is empty.",
    fix: "{mybroker} init, then {mybroker} up",
  },
  {
    id: "postgres.incompatible-data",
    kinds: ["postgres"],
    signs: [
      {
        log: /initialized by PostgreSQL version (?<built>[\d.]+), which is not compatible with this version (?<now>[\d.]+)/,
      },
      { log: /database files are incompatible with server/ },
    ],
    cause: "The data in {volume} belong to another major version of PostgreSQL.",
    fix: `set {imageKey} in .env to that major version, ${startEmpty}`,
  },
  {
    id: "postgres.unknown-setting",
    kinds: ["postgres"],
    signs: [{ log: /unrecognized configuration parameter "(?<name>[^"]+)"/ }],
    cause: "This version of PostgreSQL does not know the setting {name}.",
    fix: "remove it from command: of {service} in docker-compose.yml",
  },
  {
    id: "kafka.cluster-id",
    kinds: ["kafka"],
    signs: [
      { log: /Invalid cluster\.id in: \S+?\. Expected [\w-]+, but read [\w-]+/ },
      { log: /InconsistentClusterIdException|doesn't match stored clusterId/ },
    ],
    cause: "The data in {volume} belong to another Kafka cluster than CLUSTER_ID names.",
    fix: `put the former CLUSTER_ID back into docker-compose.yml, ${startEmpty}`,
  },
  {
    id: "kafka.node-id",
    kinds: ["kafka"],
    signs: [{ log: /(?:Configured|Stored) node[ .]?id .*doesn't match|InconsistentNodeIdException/i }],
    cause: "The data in {volume} belong to a Kafka node of another id than KAFKA_NODE_ID says.",
    fix: `put the former KAFKA_NODE_ID back into docker-compose.yml, ${startEmpty}`,
  },
  {
    id: "kafka.advertised-unreachable",
    kinds: ["kafka"],
    signs: [{ answerDetail: /Kafka tells clients to go to (?<address>\S+), which this host cannot reach/ }],
    cause: "Kafka answers, and then sends its clients to {address}, which this host cannot reach.",
    fix: "let KAFKA_ADVERTISED_LISTENERS say HOST://127.0.0.1:${KAFKA_HOST_PORT}, then {mybroker} up",
  },
  {
    id: "java.heap",
    signs: [
      {
        log: /java\.lang\.OutOfMemoryError: (?:Java heap space|GC overhead)|insufficient memory for the Java Runtime/,
      },
    ],
    cause: "Java has too little memory for its heap.",
    fix: "raise KAFKA_HEAP_OPTS (or JAVA_OPTS) and mem_limit of {service}, or give Docker more memory, then {mybroker} up",
  },
  {
    id: "rabbitmq.feature-flags",
    kinds: ["rabbitmq"],
    signs: [
      {
        log: /(?:required|mandatory) feature flag not enabled|disabled_(?:required|mandatory)_feature_flag/,
      },
    ],
    cause: "The data in {volume} were written by a RabbitMQ too old (or too new) for this version.",
    fix: `set {imageKey} in .env to the version that wrote them and enable all its feature flags first, ${startEmpty}`,
  },
  {
    id: "rabbitmq.erlang-cookie",
    kinds: ["rabbitmq"],
    signs: [
      {
        log: /[Cc]ookie file \S+ must be accessible by owner only|Error when reading \S*\.erlang\.cookie: eacces/,
      },
    ],
    cause: "Erlang refuses its cookie in {volume}: other users may read it, or its owner changed.",
    fix: "docker run --rm -u 0 -v {volume}:/v {image} sh -c 'chown 999:999 /v/.erlang.cookie; chmod 600 /v/.erlang.cookie', then {mybroker} up",
  },
  {
    id: "rabbitmq.definitions",
    kinds: ["rabbitmq"],
    signs: [
      {
        log: /[Ff]ailed to (?:import|load|parse)(?: \w+)* definitions|invalid_definitions_file|failed_to_import_definitions/,
      },
    ],
    cause: "RabbitMQ cannot read its definitions (configs: rabbitmq-definitions in docker-compose.yml).",
    fix: "{mybroker} config shows them as they are mounted; RABBITMQ_PASS_HASH comes from {mybroker} init",
  },
  {
    id: "redis.bad-data",
    kinds: ["redis"],
    signs: [
      { log: /Can't handle RDB format version (?<built>\d+)/ },
      {
        log: /Bad file format reading the append only file|Wrong signature trying to load DB|Short read or OOM loading DB/,
      },
    ],
    cause: "Redis cannot read the data in {volume}: damaged, or written by a newer version.",
    fix: "it is a cache: docker rm -f {container} && docker volume rm {volume}, then {mybroker} up",
  },
  {
    id: "redis.bad-config",
    kinds: ["redis"],
    signs: [{ log: /FATAL CONFIG FILE ERROR|Fatal error, can't open config file '[^']+'/ }],
    cause: "Redis cannot use its configuration file.",
    fix: "look at configs: of {service} in docker-compose.yml; the line is in the log below",
  },
  {
    id: "prometheus.bad-config",
    signs: [{ log: /Error loading config.*prometheus.*\.ya?ml|couldn't load configuration.*\.ya?ml/i }],
    cause: "Prometheus cannot use its configuration.",
    fix: "correct templates/prometheus/prometheus.yml (git diff shows what changed), then {mybroker} up",
  },
  {
    id: "service.setting",
    kinds: ["service"],
    signs: [{ exitCode: 2, log: /^[a-z\d-]+: (?<problem>[A-Z][A-Z\d_]+ .+)$/ }],
    cause: "{service} cannot start with its settings: {problem}.",
    fix: "correct environment: of {service} in docker-compose.yml, or the key in .env that it reads, then {mybroker} up",
  },
  {
    id: "service.waits",
    kinds: ["service"],
    signs: [{ answer: "starting", answerDetail: /^waits for (?<dependencies>.+)$/ }],
    cause: "{service} runs, and waits for {dependencies}.",
    fix: "{mybroker} ps shows what does not run, {mybroker} logs {service} why it cannot be used; then {mybroker} up",
  },
  {
    id: "volume.in-use",
    signs: [
      { log: /Unable to lock \.\/ib\w+|error: 11.*another mysqld process/ },
      {
        log: /Unable to (?:create\/open|lock) the lock file: \S*mongod\.lock|lock file "postmaster\.pid" already exists/,
      },
      { log: /Failed to acquire lock on file \.lock in|Another Prometheus server instance/ },
    ],
    cause: "Another container has the volume {volume} open.",
    fix: "docker ps --filter volume={volume} shows it; stop it, then {mybroker} up",
  },
];
