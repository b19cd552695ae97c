#!/bin/bash
# Behaves as the official entry point: a first start makes the data folder, the
# users and the database with a server that listens on its socket only.
set -eo pipefail
shopt -s nullglob

log() { printf '%s [%s] [Entrypoint]: %s\n' "$(date --rfc-3339=seconds)" "$1" "$2"; }
note() { log Note "$1"; }
die() {
  log ERROR "$1" >&2
  exit 1
}

# read_setting NAME [DEFAULT]: NAME, or the content of the file that NAME_FILE names.
read_setting() {
  local file="${1}_FILE"
  [[ -z "${!1:-}" || -z "${!file:-}" ]] || die "Both $1 and $file are set (but are exclusive)"
  [[ -z "${!file:-}" ]] || printf -v "$1" '%s' "$(<"${!file}")"
  [[ -n "${!1:-}" ]] || printf -v "$1" '%s' "${2:-}"
  export "${1?}"
  unset "$file"
}

read_settings() {
  local name
  read_setting MYSQL_ROOT_HOST '%'
  for name in MYSQL_DATABASE MYSQL_USER MYSQL_PASSWORD MYSQL_ROOT_PASSWORD; do read_setting "$name"; done
}

refuse_bad_settings() {
  [[ -n "$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD" ]] ||
    die 'Database is uninitialized and password option is not specified
    You need to specify one of the following as an environment variable:
    - MYSQL_ROOT_PASSWORD
    - MYSQL_ALLOW_EMPTY_PASSWORD
    - MYSQL_RANDOM_ROOT_PASSWORD'
  [[ "$MYSQL_USER" != root ]] ||
    die 'MYSQL_USER="root", MYSQL_USER and MYSQL_PASSWORD are for configuring a regular user and cannot be used for the root user'
  [[ -z "$MYSQL_USER" || -n "$MYSQL_PASSWORD" ]] || die 'MYSQL_USER specified, but missing MYSQL_PASSWORD'
  [[ -n "$MYSQL_USER" || -z "$MYSQL_PASSWORD" ]] || die 'MYSQL_PASSWORD specified, but missing MYSQL_USER'
}

check_config() {
  local errors
  # Not --verbose --help: MySQL 9 exits 0 there whatever the settings are.
  if ! errors="$("$@" --validate-config 2>&1 >/dev/null)"; then
    die "mysqld failed while attempting to check config
    command was: $* --validate-config
    $errors"
  fi
}

# config_value NAME COMMAND...: the value that the server itself would use.
config_value() {
  local name="$1"
  shift
  "$@" --verbose --help 2>/dev/null | awk -v name="$name" '$1 == name && /^[^ \t]/ { sub(/^[^ \t]+[ \t]+/, ""); print; exit }'
}

own_directories() {
  mkdir -p "$DATADIR" "${SOCKET%/*}"
  [[ "$(id -u)" != 0 ]] || find "$DATADIR" "${SOCKET%/*}" ! -user mysql -exec chown --no-dereference mysql '{}' +
}

run_sql() {
  # The password reaches the client through a pipe, never its command line.
  mysql --defaults-extra-file=<(printf '[client]\npassword="%s"\n' "$CLIENT_PASSWORD") \
    --protocol=socket -uroot -hlocalhost --socket="$SOCKET" --comments "$@"
}

quoted() {
  local text="${1//\\/\\\\}"
  printf "'%s'" "${text//\'/\\\'}"
}

load_time_zones() {
  [[ -n "$MYSQL_INITDB_SKIP_TZINFO" ]] || mysql_tzinfo_to_sql /usr/share/zoneinfo 2>/dev/null | run_sql mysql
}

create_users() {
  [[ -z "$MYSQL_RANDOM_ROOT_PASSWORD" ]] || {
    MYSQL_ROOT_PASSWORD="$(head -c 24 /dev/urandom | base64)"
    note "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD"
  }
  {
    printf 'SET @@SESSION.SQL_LOG_BIN=0;\n'
    printf 'ALTER USER root@localhost IDENTIFIED BY %s;\n' "$(quoted "$MYSQL_ROOT_PASSWORD")"
    if [[ -n "$MYSQL_ROOT_HOST" && "$MYSQL_ROOT_HOST" != localhost ]]; then
      printf 'CREATE USER root@%s IDENTIFIED BY %s;\n' "$(quoted "$MYSQL_ROOT_HOST")" "$(quoted "$MYSQL_ROOT_PASSWORD")"
      printf 'GRANT ALL ON *.* TO root@%s WITH GRANT OPTION;\n' "$(quoted "$MYSQL_ROOT_HOST")"
    fi
    printf 'DROP DATABASE IF EXISTS test;\n'
  } | run_sql mysql
  CLIENT_PASSWORD="$MYSQL_ROOT_PASSWORD"
  {
    [[ -z "$MYSQL_DATABASE" ]] || printf 'CREATE DATABASE IF NOT EXISTS `%s`;\n' "$MYSQL_DATABASE"
    if [[ -n "$MYSQL_USER" ]]; then
      printf "CREATE USER %s@'%%' IDENTIFIED BY %s;\n" "$(quoted "$MYSQL_USER")" "$(quoted "$MYSQL_PASSWORD")"
      [[ -z "$MYSQL_DATABASE" ]] || printf "GRANT ALL ON \`%s\`.* TO %s@'%%';\n" "${MYSQL_DATABASE//_/\\_}" "$(quoted "$MYSQL_USER")"
    fi
  } | run_sql mysql
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    note "running $file"
    # shellcheck source=/dev/null
    case "$file" in
      *.sh) if [[ -x "$file" ]]; then "$file"; else . "$file"; fi ;;
      *.sql) run_sql ${MYSQL_DATABASE:+--database="$MYSQL_DATABASE"} <"$file" ;;
      *.sql.gz) gunzip -c "$file" | run_sql ${MYSQL_DATABASE:+--database="$MYSQL_DATABASE"} ;;
      *) note "ignoring $file" ;;
    esac
  done
}

first_start() {
  read_settings
  refuse_bad_settings
  note 'Initializing database files'
  "$@" --initialize-insecure --default-time-zone=SYSTEM
  note 'Starting temporary server'
  CLIENT_PASSWORD=''
  "$@" --daemonize --skip-networking --default-time-zone=SYSTEM --socket="$SOCKET" || die 'Unable to start server.'
  load_time_zones
  create_users
  run_init_files
  [[ -z "$MYSQL_ONETIME_PASSWORD" ]] || run_sql <<<"ALTER USER root@$(quoted "$MYSQL_ROOT_HOST") PASSWORD EXPIRE;"
  note 'Stopping temporary server'
  mysqladmin --defaults-extra-file=<(printf '[client]\npassword="%s"\n' "$CLIENT_PASSWORD") shutdown -uroot --socket="$SOCKET" ||
    die 'Unable to shut down server.'
  note 'MySQL init process done. Ready for start up.'
}

[[ "${1:0:1}" != - ]] || set -- mysqld "$@"
if [[ "$1" == mysqld && ! " $* " =~ \ (-\?|--help|--print-defaults|-V|--version)\  ]]; then
  note "Entrypoint script for MySQL Server $MYSQL_VERSION started."
  check_config "$@"
  DATADIR="$(config_value datadir "$@")"
  SOCKET="$(config_value socket "$@")"
  own_directories
  [[ "$(id -u)" != 0 ]] || exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
  [[ -d "$DATADIR/mysql" ]] || first_start "$@"
fi
exec "$@"
