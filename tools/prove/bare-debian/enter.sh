#!/usr/bin/env bash
# enter.sh ROOT SETTINGS LINE...: types lines in ~/mybroker of a Debian below ROOT, as the user of it, and prints after
# each how it ended and how many seconds it took. SETTINGS are assignments for the environment, a line each.
# To be run in mount and process namespaces of its own: their end takes mounts and processes with it.
set -euo pipefail

root="$1"
mapfile -t settings <<<"$2"
shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"

# shellcheck disable=SC2016 # for the shell in there
typing='
cd ~/mybroker
for line; do
  began=${EPOCHREALTIME/[.,]/} code=0
  bash -c "$line" 2>&1 || code=$?
  printf "\n@ended %s %s\n" "$code" "$(((${EPOCHREALTIME/[.,]/} - began) / 1000))"
done'
exec chroot --userspec=stranger:stranger "$root" \
  env -i HOME=/home/stranger USER=stranger LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin "${settings[@]}" \
  bash -c "$typing" typing "$@"
