#!/usr/bin/env bash
# Runs a command against the Docker Engine that answers: the one that the docker CLI would use, or else the testbed.
# Where none does it says so and runs nothing; with MYBROKER_ENGINE_REQUIRED=1 that is a failure.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in settings process engine; do
  # shellcheck source=/dev/null
  source "$HERE/lib/$part.sh"
done

if [[ -n "$(other_engine)" ]]; then
  say "using the engine at $(other_engine)"
elif our_engine_answers; then
  eval "$(bash "$HERE/testbed.sh" env)"
elif [[ "${MYBROKER_ENGINE_REQUIRED:-}" == 1 ]]; then
  fail 'no Docker engine answers' 'npm run testbed:up'
else
  say 'no Docker engine answers: engine tests skipped (start Docker, or: npm run testbed:up)'
  exit 0
fi
export MYBROKER_ENGINE_TESTS=1
exec "$@"
