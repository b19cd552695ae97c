#!/usr/bin/env bash
# Behaves as the official entry point: a first start makes the cluster, the
# user and the database with a server that listens on its socket only.
set -Eeo pipefail

die() { printf '%s\n' "$@" >&2; exit 1; }

# read_setting NAME [DEFAULT]: NAME, or the content of the file that NAME_FILE names.
read_setting() {
  local file="${1}_FILE"
  [[ -z "${!1:-}" || -z "${!file:-}" ]] || die "error: both $1 and $file are set (but are exclusive)"
  [[ -z "${!file:-}" ]] || printf -v "$1" '%s' "$(<"${!file}")"
  [[ -n "${!1:-}" ]] || printf -v "$1" '%s' "${2:-}"
  export "${1?}"
  unset "$file"
}

read_settings() {
  read_setting POSTGRES_PASSWORD
  read_setting POSTGRES_USER postgres
  read_setting POSTGRES_DB "$POSTGRES_USER"
  read_setting POSTGRES_INITDB_ARGS
  : "${POSTGRES_HOST_AUTH_METHOD:=}"
}

own_directories() {
  install -d -m 700 "$PGDATA"
  install -d -m 3775 /var/run/postgresql
  if [[ "$(id -u)" == 0 ]]; then
    find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres '{}' +
  fi
}

refuse_missing_password() {
  [[ -n "$POSTGRES_PASSWORD" || "$POSTGRES_HOST_AUTH_METHOD" == trust ]] || die \
    'Error: Database is uninitialized and superuser password is not specified.' \
    '       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.'
}

init_cluster() {
  # A pipe instead of a file keeps the password out of the file system.
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"
  local method="${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption -D "$PGDATA")}"
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

run_sql() { PGHOST='' PGPASSWORD="$POSTGRES_PASSWORD" psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$POSTGRES_USER" --no-password "$@"; }

create_database() {
  [[ "$POSTGRES_DB" != postgres ]] || return 0
  # shellcheck disable=SC2016
  run_sql -d postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    [[ -e "$file" ]] || continue
    printf '%s: running %s\n' "$0" "$file"
    # shellcheck source=/dev/null
    case "$file" in
      *.sh) if [[ -x "$file" ]]; then "$file"; else . "$file"; fi ;;
      *.sql) run_sql -d "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | run_sql -d "$POSTGRES_DB" ;;
      *) printf '%s: ignoring %s\n' "$0" "$file" ;;
    esac
  done
}

first_start() {
  refuse_missing_password
  init_cluster
  export PGPASSWORD="$POSTGRES_PASSWORD"
  shift
  pg_ctl -D "$PGDATA" -o "$(printf '%q ' "$@" -c listen_addresses= -p 5432)" -w start
  create_database
  run_init_files
  pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
  printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

[[ "${1:0:1}" != - ]] || set -- postgres "$@"
if [[ "$1" == postgres && ! " $* " =~ \ (-\?|--help|--describe-config|-V|--version)\  ]]; then
  own_directories
  [[ "$(id -u)" != 0 ]] || exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
  if [[ ! -s "$PGDATA/PG_VERSION" ]]; then
    read_settings
    first_start "$@"
  else
    printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
  fi
fi
exec "$@"
