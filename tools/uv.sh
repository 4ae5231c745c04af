#!/usr/bin/env bash
# Runs uv, installed in its own small environment where the machine has none.
# uv does not read pip's configuration, so what pip is told about registries is passed on.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
own="$root/.venv-uv"
python="${PYTHON:-python3}"

if command -v uv >/dev/null; then
    uv="$(command -v uv)"
    pip=("$python" -m pip)
else
    if ! "$own/bin/uv" --version >/dev/null 2>&1; then
        rm -rf "$own"
        "$python" -m venv "$own" || {
            echo "set-up: no virtual environment can be made; run: sudo apt-get install python3-venv" >&2
            exit 1
        }
        "$own/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
            --require-hashes -r "$root/requirements/uv.txt"
    fi
    uv="$own/bin/uv"
    pip=("$own/bin/python" -m pip)
fi

# pip_says NAME: the value pip would use, by its variable, `pip install` section or global section
pip_says() {
    local variable="PIP_${1^^}"
    variable="${variable//-/_}"
    if [ -n "${!variable:-}" ]; then
        echo "${!variable}"
    else
        "${pip[@]}" config get "install.$1" 2>/dev/null || "${pip[@]}" config get "global.$1" 2>/dev/null || true
    fi
}

# pass_on VARIABLE NAME: what uv is told already stands
pass_on() {
    local value
    [ -n "${!1:-}" ] && return
    value="$(pip_says "$2")"
    if [ -n "$value" ]; then export "$1=$value"; fi
}

[ -n "${UV_INDEX_URL:-}" ] || pass_on UV_DEFAULT_INDEX index-url
pass_on UV_INSECURE_HOST trusted-host
pass_on SSL_CERT_FILE cert
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
exec "$uv" "$@"
