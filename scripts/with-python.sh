#!/bin/sh
# Runs the newest-enough Python here, one that can make the virtual environment, with the words given.
set -eu

usable() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
    if usable "$candidate"; then
        if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            exec "$candidate" "$@"
        fi
        without_venv=$candidate
    fi
done

if [ -n "${without_venv:-}" ]; then
    echo "$without_venv cannot make virtual environments here. On Debian and Ubuntu: apt install python3-venv" >&2
elif command -v python3 >/dev/null 2>&1; then
    echo "Python 3.11 or newer is needed; this machine has $(python3 --version 2>&1). Install a newer one and try again." >&2
else
    echo "Python 3.11 or newer is needed, and no python3 is on PATH. On Debian and Ubuntu: apt install python3 python3-venv" >&2
fi
exit 1
