# shellcheck shell=bash
# Processes that this testbed started, told from every other one by a path of
# its own on their command line: a pid file alone may outlive its process, and
# its number may by then be somebody else's.

# pids_of PROGRAM MARKER: the ids of all PROGRAM processes whose command line holds MARKER.
pids_of() {
  local dir command
  for dir in /proc/[0-9]*; do
    [[ "$(readlink "$dir/exe" 2>/dev/null || true)" == */"$1"* ]] || continue
    command="$(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null || true)"
    [[ "$command" != *"$2"* ]] || printf '%s\n' "${dir#/proc/}"
  done
}

gone() {
  local pid
  for pid in "$@"; do
    # A zombie has ended; only its parent has not noticed yet.
    [[ ! -d "/proc/$pid" ]] || grep -qs '^State:.Z' "/proc/$pid/status" || return 1
  done
}

# start_daemon NAME COMMAND...: in a session of its own, so that it outlives
# the shell, and without our lock, which it would hold for its whole life.
start_daemon() {
  local name="$1"
  shift
  setsid "$@" >>"$RUN/$name.log" 2>&1 </dev/null 9>&- &
  disown
}

# stop_processes SECONDS PID...: TERM, then KILL for what is still there.
stop_processes() {
  local seconds="$1"
  shift
  (($# > 0)) || return 0
  kill -TERM "$@" 2>/dev/null || true
  wait_for "$seconds" gone "$@" && return 0
  kill -KILL "$@" 2>/dev/null || true
  wait_for 10 gone "$@"
}

# Mounts at and below a path, deepest first: an engine's or a half-built base's.
unmount_below() {
  local path
  awk -v prefix="$1/" 'index($5 "/", prefix) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
    while read -r path; do umount -l "$path" || true; done
}

# rm -rf for folders in which something may still be mounted.
remove_tree() {
  unmount_below "$1"
  rm -rf --one-file-system "$1"
}
