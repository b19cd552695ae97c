#!/usr/bin/env bash
# docker-entrypoint.sh: the official image's steps. A fresh data folder gets
# its user from a temporary server on 127.0.0.1; only then does the real one
# listen to others.
set -Eeuo pipefail

refuse() {
  printf '\nerror: %s\n\n' "$1" >&2
  exit 1
}

[[ "${1:0:1}" != - ]] || set -- mongod "$@"

if [[ "$1" == mongo* && "$(id -u)" == 0 ]]; then
  [[ "$1" != mongod ]] || find /data/configdb /data/db \! -user mongodb -exec chown mongodb '{}' +
  exec setpriv --reuid=mongodb --regid=mongodb --init-groups "${BASH_SOURCE[0]}" "$@"
fi
[[ "$1" == mongod ]] || exec "$@"

# from_file NAME: the value may come as the path of a file in NAME_FILE.
from_file() {
  local file="${1}_FILE"
  [[ -n "${!file:-}" ]] || return 0
  [[ -z "${!1:-}" ]] || refuse "both $1 and $file are set (but are exclusive)"
  printf -v "$1" '%s' "$(<"${!file}")"
}
from_file MONGO_INITDB_ROOT_USERNAME
from_file MONGO_INITDB_ROOT_PASSWORD
user="${MONGO_INITDB_ROOT_USERNAME:-}" password="${MONGO_INITDB_ROOT_PASSWORD:-}"
if [[ -z "$user" && -n "$password" || -n "$user" && -z "$password" ]]; then
  refuse "missing 'MONGO_INITDB_ROOT_USERNAME' or 'MONGO_INITDB_ROOT_PASSWORD'
       both must be specified for a user to be created"
fi
if compgen -G '/docker-entrypoint-initdb.d/*.sh' >/dev/null || compgen -G '/docker-entrypoint-initdb.d/*.js' >/dev/null; then
  refuse "the testbed's mongo runs nothing in /docker-entrypoint-initdb.d"
fi

data=/data/db
for argument; do
  [[ "${previous:-}" != --dbpath ]] || data="$argument"
  [[ "$argument" != --dbpath=* ]] || data="${argument#*=}"
  previous="$argument"
done

answers() { (exec 3<>/dev/tcp/127.0.0.1/27017) 2>/dev/null; }

create_user() {
  FERRETDB_SETUP_DATABASE=admin FERRETDB_SETUP_USERNAME="$user" FERRETDB_SETUP_PASSWORD="$password" \
    "$@" --auth --bind_ip 127.0.0.1 --port 27017 &
  local server=$!
  until answers; do
    kill -0 "$server" 2>/dev/null || refuse 'mongod does not appear to have stayed running -- perhaps it had an error?'
    sleep 0.05
  done
  kill -TERM "$server"
  wait "$server"
  printf '\nMongoDB init process complete; ready for start up.\n\n'
}

if [[ -n "$user" ]]; then
  # The official image looks for WiredTiger's files in the same way: a folder
  # with data keeps the password it was made with.
  [[ -e "$data/admin.sqlite" || -e "$data/WiredTiger" ]] || create_user "$@"
  set -- "$@" --auth
fi
case " $* " in
  *' --bind_ip'*) ;;
  *) set -- "$@" --bind_ip_all ;;
esac
unset "${!MONGO_INITDB_@}"
exec "$@"
