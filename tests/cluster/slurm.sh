#!/usr/bin/env bash
# A Slurm of one node on this machine, to try the Slurm profile: Debian's slurm-wlm and munge.
#
#   eval "$(tests/cluster/slurm.sh start FOLDER)"   # start it; sets SLURM_CONF and PATH
#   sinfo
#   tests/cluster/slurm.sh stop FOLDER
#
# Everything lies in FOLDER, nothing in /etc; any user may start one. The node claims eight
# processors, 64 GB and eight GPUs, whatever the machine has, so that it accepts what jobs of a
# cluster ask for. Jobs are neither kept to their memory nor given a GPU. Nothing keeps accounts:
# give Snakemake --slurm-status-command squeue.
set -euo pipefail

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[[ $# -eq 2 && ($1 == start || $1 == stop) ]] || usage
export PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$2"
folder=$(realpath "$2")

for name in munged slurmctld slurmd; do
    if ! command -v $name >/dev/null; then
        echo "$name is not installed: apt-get install slurm-wlm munge" >&2
        exit 1
    fi
done

if [[ $1 == stop ]]; then
    export SLURM_CONF=$folder/slurm.conf
    scancel --user="$(id -un)" 2>/dev/null || true
    for name in slurmd slurmctld munged; do
        [[ ! -s $folder/$name.pid ]] || kill "$(cat "$folder/$name.pid")" 2>/dev/null || true
    done
    exit 0
fi

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }
host=$(hostname -s)
me=$(id -un)
mkdir -p "$folder"/{state,spool,log}
chmod 700 "$folder"/{state,spool,log}
head -c 1024 /dev/urandom >"$folder/munge.key"
chmod 600 "$folder/munge.key"

cat >"$folder/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
# No control groups: containers seldom let a user make them.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 Gres=gpu:8
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=$host MaxTime=INFINITE State=UP
CONF
touch "$folder"/gpu{0..7}
echo "Name=gpu File=$folder/gpu[0-7]" >"$folder/gres.conf"

# Snakemake's job steps drop SLURM_CONF, which other clusters do not need.
mkdir -p "$folder/bin"
printf '#!/bin/sh\nSLURM_CONF="%s" exec "%s" "$@"\n' "$folder/slurm.conf" "$(command -v srun)" \
    >"$folder/bin/srun"
chmod +x "$folder/bin/srun"

export SLURM_CONF=$folder/slurm.conf
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
    --pid-file="$folder/munged.pid" --log-file="$folder/log/munged.log" \
    --seed-file="$folder/munged.seed" >&2
slurmctld >&2
slurmd >&2
for _ in $(seq 60); do
    if [[ $(sinfo --noheader --partition main --format %t 2>/dev/null) == idle ]]; then
        echo "export SLURM_CONF=\"$folder/slurm.conf\" PATH=\"$folder/bin:\$PATH\""
        exit 0
    fi
    sleep 0.5
done
tail -n 20 "$folder"/log/*.log >&2
exit 1
