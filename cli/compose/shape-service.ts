import { extraHosts } from "./extra-hosts.js";
import { InvalidValue } from "./port-mapping.js";
import { type JsonObject, object, readValue, type Shape, wrongType } from "./shape.js";
import { keyValues, list, mapOf, textList, textOrList, uniqueTextList } from "./shape-collections.js";
import { command, expose, fileReferences, healthTest, mounts, ports, ulimit } from "./shape-container.js";
import {
  boolean,
  bytes,
  bytesOrUnlimited,
  cpus,
  duration,
  integer,
  looseText,
  readText,
  scalar,
  text,
  word,
} from "./shape-values.js";

/** Names of services, networks, volumes, configs and secrets. */
export const resourceName = /^[a-zA-Z0-9._-]+$/;

const buildObject = object(
  {
    context: { shape: text },
    dockerfile: { shape: text },
    dockerfile_inline: { shape: text },
    args: { shape: keyValues({ unset: null }) },
    labels: { shape: keyValues({ unset: "" }) },
    network: { shape: text },
    target: { shape: text },
  },
  {
    unsupported: [
      "entitlements",
      "provenance",
      "sbom",
      "ssh",
      "cache_from",
      "cache_to",
      "no_cache",
      "additional_contexts",
      "pull",
      "extra_hosts",
      "isolation",
      "secrets",
      "shm_size",
      "tags",
      "ulimits",
      "platforms",
      "privileged",
    ],
  },
);

const build: Shape = {
  ...buildObject,
  read(node, path, context) {
    return node.kind === "mapping"
      ? buildObject.read(node, path, context)
      : { context: readText(node, path) };
  },
};

const dependencyObject = object({
  condition: { shape: word("service_started", "service_healthy", "service_completed_successfully") },
  restart: { shape: boolean },
  required: { shape: boolean, keep: true },
});

/** A list says condition and required outright, so that it replaces what an earlier file said of that service. */
const dependsOn: Shape = {
  ...mapOf(dependencyObject, { keys: resourceName }),
  read(node, path, context) {
    if (node.kind === "mapping")
      return mapOf(dependencyObject, { keys: resourceName }).read(node, path, context);
    if (node.kind === "scalar") throw wrongType(node, path, "a list or a mapping");
    const entries = node.items.map((item, index) => {
      const name = readText(item, `${path}[${index}]`);
      context.locate(`${path}.${name}`, item.place);
      return [name, { condition: "service_started", required: true }] as const;
    });
    return Object.fromEntries(entries);
  },
};

const serviceNetworkObject = object(
  {
    aliases: { shape: uniqueTextList },
    driver_opts: { shape: mapOf(looseText, { nullIs: "" }) },
    ipv4_address: { shape: text },
    ipv6_address: { shape: text },
    mac_address: { shape: text },
    priority: { shape: integer },
  },
  { unsupported: ["gw_priority", "interface_name", "link_local_ips"] },
);
const serviceNetworksMap = mapOf(serviceNetworkObject, { keys: resourceName, nullIs: null });
const serviceNetworks: Shape = {
  ...serviceNetworksMap,
  read(node, path, context) {
    if (node.kind !== "list") return serviceNetworksMap.read(node, path, context);
    const entries = node.items.map((item, index) => {
      const name = readText(item, `${path}[${index}]`);
      context.locate(`${path}.${name}`, item.place);
      return [name, null] as const;
    });
    return Object.fromEntries(entries);
  },
};

const loggingObject = object({
  driver: { shape: text },
  options: { shape: mapOf(looseText, { nullIs: "" }) },
});
/** Options of one driver mean nothing to another. */
const logging: Shape = {
  ...loggingObject,
  merge(base, override) {
    const before = (base as JsonObject).driver;
    const after = (override as JsonObject).driver;
    return before === after || before === undefined || after === undefined
      ? loggingObject.merge(base, override)
      : override;
  },
};

const limits = { cpus: { shape: cpus }, memory: { shape: bytes } };
const deployObject = object(
  {
    placement: {
      shape: object({}, { unsupported: ["constraints", "preferences", "max_replicas_per_node"] }),
    },
    replicas: { shape: integer, keep: true },
    resources: {
      keep: true,
      shape: object({
        limits: { keep: true, shape: object({ ...limits, pids: { shape: integer } }) },
        reservations: {
          keep: true,
          shape: object(limits, { unsupported: ["devices", "generic_resources"] }),
        },
      }),
    },
  },
  {
    unsupported: ["mode", "endpoint_mode", "labels", "rollback_config", "update_config", "restart_policy"],
  },
);
const deploy: Shape = {
  ...deployObject,
  read(node, path, context) {
    if (node.kind === "scalar" && node.value === null) return undefined;
    return deployObject.read(node, path, context);
  },
  finish: (value) => ({ resources: {}, ...(deployObject.finish(value) as JsonObject), placement: {} }),
};

const envFileObject = object({
  path: { shape: text },
  required: { shape: boolean, keep: true },
  format: { shape: word("raw") },
});
/** Items {path, required, format?}; read and taken into `environment` when the project is put together. */
const envFiles = list({
  orText: true,
  wanted: "a text or a list",
  readItem(node, path, context) {
    if (node.kind !== "mapping") return { path: readText(node, path), required: true };
    const value = envFileObject.read(node, path, context) as JsonObject;
    return readValue(node, path, () => {
      if (value.path === undefined) throw new InvalidValue("path is missing");
      return { required: true, ...value };
    });
  },
  keyOf: (item) => String((item as JsonObject).path),
});

const pullPolicy = scalar((node, path) => {
  const value = readText(node, path);
  return readValue(node, path, () => {
    if (/^(always|never|build|missing|if_not_present)$/.test(value)) return value;
    throw new InvalidValue(`"${value}" is none of always, missing, never, build`);
  });
});

const restart = scalar((node, path) => {
  const value = readText(node, path);
  return readValue(node, path, () => {
    if (/^(|no|always|unless-stopped|on-failure(:\d+)?)$/.test(value)) return value;
    throw new InvalidValue(`"${value}" is none of no, always, unless-stopped, on-failure[:TIMES]`);
  });
});

const unsupportedServiceKeys = [
  ...[
    "annotations",
    "attach",
    "blkio_config",
    "cgroup",
    "cgroup_parent",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
  ],
  ...["cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpuset", "credential_spec", "develop"],
  ...[
    "device_cgroup_rules",
    "devices",
    "dns_opt",
    "dns_search",
    "domainname",
    "extends",
    "external_links",
    "gpus",
  ],
  ...["group_add", "ipc", "isolation", "label_file", "links", "mac_address", "mem_swappiness", "models"],
  ...["oom_kill_disable", "oom_score_adj", "pids_limit", "post_start", "pre_stop", "provider"],
  ...["pull_refresh_after", "runtime", "storage_opt", "use_api_socket", "userns_mode", "uts", "volumes_from"],
];

/** The keys of a service; docs/compose-support.md lists them for users. */
export const service = object(
  {
    build: { shape: build, keep: true },
    cap_add: { shape: uniqueTextList },
    cap_drop: { shape: uniqueTextList },
    command: { shape: command, keep: true },
    configs: { shape: fileReferences("") },
    container_name: { shape: text },
    cpus: { shape: cpus },
    depends_on: { shape: dependsOn },
    deploy: { shape: deploy, keep: true },
    dns: { shape: textOrList },
    entrypoint: { shape: command, keep: true },
    env_file: { shape: envFiles },
    environment: { shape: keyValues({ unset: null }) },
    expose: { shape: expose },
    extra_hosts: { shape: extraHosts },
    healthcheck: {
      keep: true,
      shape: object({
        test: { shape: healthTest },
        timeout: { shape: duration },
        interval: { shape: duration },
        retries: { shape: integer, keep: true },
        start_period: { shape: duration },
        start_interval: { shape: duration },
        disable: { shape: boolean },
      }),
    },
    hostname: { shape: text },
    image: { shape: text },
    init: { shape: boolean, keep: true },
    labels: { shape: keyValues({ unset: "" }) },
    logging: { shape: logging, keep: true },
    mem_limit: { shape: bytes },
    mem_reservation: { shape: bytes },
    memswap_limit: { shape: bytesOrUnlimited },
    network_mode: { shape: text },
    networks: { shape: serviceNetworks },
    pid: { shape: text },
    platform: { shape: text },
    ports: { shape: ports },
    privileged: { shape: boolean },
    profiles: { shape: uniqueTextList },
    pull_policy: { shape: pullPolicy },
    read_only: { shape: boolean },
    restart: { shape: restart },
    scale: { shape: integer, keep: true },
    secrets: { shape: fileReferences("/run/secrets") },
    security_opt: { shape: textList },
    shm_size: { shape: bytes },
    stdin_open: { shape: boolean },
    stop_grace_period: { shape: duration },
    stop_signal: { shape: text },
    sysctls: { shape: keyValues({ unset: "" }) },
    tmpfs: { shape: textOrList },
    tty: { shape: boolean },
    ulimits: { shape: mapOf(ulimit, { keys: /^[a-z]+$/ }) },
    user: { shape: text },
    volumes: { shape: mounts },
    working_dir: { shape: text },
  },
  { keepExtensions: true, unsupported: unsupportedServiceKeys },
);
