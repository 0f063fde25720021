#!/usr/bin/env bash
# A private PostgreSQL with an MLflow server on it, on this machine alone, for a trial.
# Usage: postgresql.sh [PROCESSES OF THE SERVER]
#
# Prints the address of MLflow's server, then that of an empty database; both are gone when the
# process that started this ends, or by Ctrl-C. Needed: Debian's package postgresql (it needs no
# service running), and in the environment the extra `postgres`.
set -euo pipefail

# Debian keeps the programs of each version in a folder of their own.
initdb=$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1) || initdb=$(command -v initdb)
bin=$(dirname "$(readlink -f "$initdb")")
folder=$(mktemp -d /tmp/maskbench-postgresql.XXXXXX)
PGPASSWORD=$(python -c 'import secrets; print(secrets.token_hex(16))')
(umask 077 && echo "$PGPASSWORD" >"$folder/password")
server=
as_owner=() # PostgreSQL refuses to run as root
if ((EUID == 0)); then
    chown -R nobody "$folder"
    as_owner=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)
fi

stop() {
    trap - EXIT
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    [[ -z $server ]] || wait "$server" || true
    "${as_owner[@]}" "$bin/pg_ctl" stop --pgdata "$folder/data" --mode immediate --silent || true
    rm -rf "$folder"
    exit
}
trap stop EXIT
trap 'exit 1' INT TERM HUP

free_port() { python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

cd "$folder"
port=$(free_port)
export PGPASSWORD PGHOST=127.0.0.1 PGPORT=$port PGUSER=maskbench
"${as_owner[@]}" "$bin/initdb" --pgdata "$folder/data" --username maskbench --encoding UTF8 \
    --auth scram-sha-256 --pwfile "$folder/password" >"$folder/log"
"${as_owner[@]}" "$bin/pg_ctl" start --pgdata "$folder/data" --log "$folder/data/log" --wait --silent \
    --options "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=" >>"$folder/log"
"$bin/createdb" mlflow
"$bin/createdb" trial

address=postgresql+psycopg://maskbench:$PGPASSWORD@127.0.0.1:$port
port=$(free_port)
# The address is in the environment: a command's arguments are seen by all users.
MLFLOW_BACKEND_STORE_URI=$address/mlflow MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
    python -m mlflow server --host 127.0.0.1 --port "$port" --workers "${1:-4}" \
    --artifacts-destination "$folder/artifacts" >>"$folder/log" 2>&1 &
server=$!
until python -c "from urllib.request import urlopen; urlopen('http://127.0.0.1:$port/health', timeout=5)" 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
    sleep 0.2
done
echo "http://127.0.0.1:$port"
echo "$address/trial"
tail --pid=$PPID -f /dev/null &
wait -n
