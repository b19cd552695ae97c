#!/bin/sh
# /run.sh: refuses folders that Grafana could not work with, then answers
# /api/health until it is told to stop.
set -e
echo 'stand-in for Grafana: proves only the life cycle of the container, reads no setting and draws no dashboard'

refuse() {
  echo "$1" >&2
  exit 1
}

[ -r "$GF_PATHS_CONFIG" ] || refuse "GF_PATHS_CONFIG='$GF_PATHS_CONFIG' is not readable."
[ -w "$GF_PATHS_DATA" ] || refuse "GF_PATHS_DATA='$GF_PATHS_DATA' is not writable."
[ -r "$GF_PATHS_HOME" ] || refuse "GF_PATHS_HOME='$GF_PATHS_HOME' is not readable."
[ -d "$GF_PATHS_PLUGINS" ] || mkdir "$GF_PATHS_PLUGINS"

# Grafana stops at a provisioning file that it cannot read, and shows nothing
# of a dashboard that it cannot read, which no health URL tells.
find /etc/grafana "$GF_PATHS_PROVISIONING" >/dev/null
find /etc/grafana "$GF_PATHS_PROVISIONING" -type f | while read -r file; do
  [ -r "$file" ] || refuse "open $file: permission denied"
done

for name in $(env | grep '^GF_[^=]*__FILE=.' | sed 's/__FILE=.*//'); do
  eval "value=\${$name:-} file=\${${name}__FILE}"
  [ -z "$value" ] || refuse "ERROR: Both $name and ${name}__FILE are set (but are exclusive)"
  [ -r "$file" ] || refuse "cat: can't open '$file': Permission denied"
done

httpd -f -p "${GF_SERVER_HTTP_PORT:-3000}" -h /www &
server=$!
trap 'kill "$server"; exit 0' TERM INT
wait "$server"
