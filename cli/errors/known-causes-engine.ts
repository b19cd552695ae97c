import type { KnownCause } from "./known-causes.js";

/** What the engine and the registry say when a container cannot be made or started. */
export const engineCauses: readonly KnownCause[] = [
  {
    id: "port.taken",
    signs: [
      { engineError: /Bind for (?<address>[\d.:[\]a-f]+) failed: port is already allocated/ },
      {
        engineError:
          /(?:listen|bind)\D+(?<address>\d[\d.:]*).*(?:address already in use|Ports are not available)/,
      },
      { engineError: /Ports are not available.*?(?<address>\d+\.\d+\.\d+\.\d+:\d+)/ },
    ],
    cause: "Something else took {address} between the check of the ports and the start.",
    fix: "{mybroker} up names who has it; another port: *_HOST_PORT of {service} in .env",
  },
  {
    id: "registry.rate-limit",
    signs: [{ engineError: /toomanyrequests|pull rate limit/i }],
    cause: "The registry hands out no more images to this address for now (rate limit).",
    fix: "docker login, or set IMAGE_REGISTRY in .env to a mirror, then {mybroker} up",
  },
  {
    id: "image.wrong-platform",
    signs: [{ engineError: /no matching manifest for (?<platform>\S+)/ }],
    cause: "The image {image} is not made for {platform}.",
    fix: "set {imageKey} in .env to one that is, or platform: of {service}, then {mybroker} up",
  },
  {
    id: "image.absent",
    signs: [
      {
        engineError:
          /No such image|manifest unknown|manifest for \S+ not found|pull access denied|repository does not exist/i,
      },
    ],
    cause: "The image {image} does not exist in its registry, or needs a login.",
    fix: "check {imageKey} in .env, or docker login, then {mybroker} up",
  },
  {
    id: "bind.is-folder",
    signs: [
      { engineError: /Are you trying to mount a directory onto a file|not a directory: unknown/ },
      { log: /\/\S+: (?:is a directory|Is a directory)/ },
      { log: /EISDIR/ },
    ],
    cause:
      "A folder stands where {service} mounts a file; Docker makes one when the file was missing at an earlier start.",
    fix: "remove the empty folder, bring the file back (git checkout), then {mybroker} up",
  },
  {
    id: "bind.missing",
    signs: [
      { engineError: /bind source path does not exist: (?<path>\S+)/ },
      { engineError: /[Mm]ounts denied:\s+The path (?<path>\S+)/ },
    ],
    cause: "A file or folder that {service} mounts is not there, or not shared with Docker: {path}",
    fix: "bring it back (git checkout), or share the clone's folder in Docker's settings, then {mybroker} up",
  },
  {
    id: "selinux.relabel",
    signs: [
      {
        engineError:
          /(?:setting label on mount source|SELinux relabeling of|failed to set file label on) '?(?<path>[^\s':]+)/i,
      },
    ],
    cause: "SELinux does not let Docker label {path}.",
    fix: "clone into your home on a file system with labels (not NFS, not /usr), then {mybroker} up",
  },
  {
    id: "command.not-found",
    signs: [
      { engineError: /exec: "?(?<name>[^":]+)"?: .*(?:executable file not found|no such file or directory)/ },
      { exitCode: 127, log: /(?:exec|line \d+): (?<name>[^\s:]+): (?:command )?not found/ },
    ],
    cause: "The image {image} has no program {name}.",
    fix: "correct command: or entrypoint: of {service}, or {imageKey} in .env, then {mybroker} up",
  },
  {
    id: "command.not-executable",
    signs: [{ engineError: /exec: "?(?<name>[^":]+)"?: permission denied/ }],
    cause: "{name} is not executable in the container.",
    fix: "chmod +x it where it is mounted from, then {mybroker} up",
  },
  {
    id: "network.no-addresses",
    signs: [
      {
        engineError:
          /could not find an available, non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted/,
      },
    ],
    cause: "Docker has no address range left for another network.",
    fix: "docker network prune, then {mybroker} up",
  },
  {
    id: "container.name-taken",
    signs: [{ engineError: /container name "?\/?(?<name>[^"\s]+)"? is already in use/ }],
    cause: "A container named {name} exists that does not belong to this project.",
    fix: "docker rm -f {name}, then {mybroker} up",
  },
];
