#!/usr/bin/env bash
# Make or refresh the virtual environment from requirements.lock; do nothing when it is current.
# Usage: environment.sh FOLDER
set -euo pipefail

venv=$1
want=$(cat requirements.lock pyproject.toml | git hash-object --stdin)
stamp=$venv/.maskbench-lock
# Scripts of an environment hold the path of where it was made.
made=$(sed -n 's/^command = .* -m venv\( --[^ ]*\)* //p' "$venv/pyvenv.cfg" 2>/dev/null || true)
moved=$([[ -z $made || $made -ef $venv ]] || echo yes)

[[ -z $moved && -f $stamp && $(cat "$stamp") == "$want" && -x $venv/bin/python ]] && exit 0

supported='import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
python=
for name in "${PYTHON:-python3.11}" python3.11 python3.12 python3.13 python3 python; do
    if command -v "$name" >/dev/null && "$name" -c "$supported" 2>/dev/null; then
        python=$name
        break
    fi
done
if [[ -z $python ]]; then
    echo "error: no Python 3.11, 3.12 or 3.13 found; install one or name it: make PYTHON=/path/to/python" >&2
    exit 1
fi

# Moved, of another Python, or left half made (no pip yet) by a run that was stopped: made anew.
if [[ -n $moved ]] || ! "$venv/bin/python" -c "$supported" 2>/dev/null || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    [[ ! -e $venv/pyvenv.cfg ]] || rm -rf "$venv" # no other folder is ever removed
    echo "Making the environment in $venv with $("$python" --version) ..."
    "$python" -m venv "$venv"
fi
rm -f "$stamp"
echo "Installing what requirements.lock pins into $venv (several gigabytes the first time, some minutes) ..."
# The pinned pip first: it takes up a download that breaks off.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$(grep '^pip==' requirements.lock)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
echo "$want" >"$stamp"
echo "The environment is ready."
