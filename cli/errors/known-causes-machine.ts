import type { KnownCause } from "./known-causes.js";

/** What the machine lacks, whatever runs in the container. */
export const machineCauses: readonly KnownCause[] = [
  {
    id: "memory.exhausted",
    signs: [{ outOfMemory: true }],
    cause: "It needed more memory than it may have (mem_limit), or than Docker has.",
    fix: "docker stats shows who uses it; raise mem_limit of {service} or Docker's memory, then {mybroker} up",
  },
  {
    id: "limits.inotify",
    signs: [
      {
        log: /inotify.*(?:too many open files|no space left|limit)|(?:too many open files|no space left).*inotify/i,
      },
    ],
    cause: "This machine's limit of inotify watches is used up.",
    fix: "sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512, then {mybroker} up",
  },
  {
    id: "disk.full",
    signs: [
      { log: /no space left on device|Errcode: 28\b|OS errno 28\b|ENOSPC|No space left/i },
      { engineError: /no space left on device/i },
    ],
    cause: "The disk that Docker stores on is full.",
    fix: "docker system df shows what takes it; docker image prune and docker builder prune give some back, then {mybroker} up",
  },
  {
    id: "limits.open-files",
    signs: [
      { log: /too many open files|EMFILE|OS errno 24\b|rlimit.*nofile/i },
      { engineError: /error setting rlimit type 7|rlimit.*nofile/i },
    ],
    cause: "It may not open enough files (nofile).",
    fix: "raise ulimits: nofile of {service}, or the engine's own limit (systemctl edit docker: LimitNOFILE), then {mybroker} up",
  },
  {
    id: "limits.threads",
    signs: [
      {
        log: /pthread_create failed|unable to create native thread|Can't create thread|fork.*Resource temporarily unavailable/i,
      },
    ],
    cause: "It may not start another thread: a limit of processes is reached.",
    fix: "close what runs in numbers, or raise the engine's TasksMax and the user's nproc, then {mybroker} up",
  },
  {
    id: "cpu.wrong-architecture",
    signs: [{ log: /exec format error/i }, { engineError: /exec format error/i }],
    cause: "The image {image} is built for another kind of processor than this machine has.",
    fix: "docker image rm {image}, take away platform: (or set {imageKey} to an image for this machine), then {mybroker} up",
  },
  {
    id: "cpu.too-old",
    signs: [{ log: /CPU does not support x86-64-v\d/ }, { exitCode: 132 }],
    cause: "The program uses instructions that this CPU does not have.",
    fix: "set {imageKey} in .env to an older version, then {mybroker} up",
  },
  {
    id: "volume.read-only",
    signs: [{ log: /Read-only file system|EROFS/ }, { engineError: /read-only file system/ }],
    cause: "It writes to a file system that is mounted read-only.",
    fix: "look at read_only: and the mounts of {service}; a disk with errors is remounted read-only by the kernel (dmesg)",
  },
  {
    id: "bind.unreadable",
    signs: [
      {
        log: /(?:open|read|stat|access|loading|reading)\b.*?(?<path>\/etc\/(?:prometheus|grafana|rabbitmq)\/\S*?|\/usr\/local\/etc\/\S*?)["']?:? .*(?:permission denied|eacces)/i,
      },
    ],
    cause:
      "The container may not read {path}: the clone's files are closed to others (umask 077), or SELinux forbids it.",
    fix: "chmod -R a+rX templates (with SELinux also: chcon -Rt container_file_t templates), then {mybroker} up",
  },
  {
    id: "volume.wrong-owner",
    signs: [
      {
        // In a container MySQL is refused its wishes about memory, and starts all the same.
        log: /(?:OS errno 13|Errcode: 13|AccessDeniedException|is not writable|(?<!mbind: |mempolicy: )Operation not permitted|Permission denied|permission denied|eacces).*/,
      },
    ],
    cause:
      "It may not use its data folder: {volume} belongs to another user id than the image runs under, or SELinux forbids it.",
    fix: "take away user: of {service}, or lose its data: docker rm -f {container} && docker volume rm {volume}, then {mybroker} up",
  },
];
