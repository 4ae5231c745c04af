#!/usr/bin/env bash
# Makes this machine ready: `setup.sh` to run and check the product, `setup.sh test` to test it too, `setup.sh bench`
# to measure it, `setup.sh letters` to draw the pictures of our mails.
# Only packages are installed: Python's and npm's (tests only) by hash, the system's by apt-get, as root or by sudo -n;
# without either the exact line is printed. Nothing to do takes a fraction of a second.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
purpose="${1:-run}"
stamps=.stamps
mkdir -p "$stamps"
exec 9>"$stamps/lock"
flock 9

has_library() { PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -F "$1" >/dev/null; }

# what is missing, as names of Debian packages
missing() {
    has_library libpango-1.0.so.0 || echo libpango-1.0-0
    has_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
    has_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
    # names in rare signs, Hangul, Uyghur, Tibetan, Mongolian, Yi: reports/fonts.py
    [ -e /usr/share/fonts/truetype/noto/NotoSansYi-Regular.ttf ] || echo fonts-noto-core
    [ -e /usr/share/fonts/truetype/nanum/NanumGothic.ttf ] || echo fonts-nanum
    [ -e /usr/share/fonts/truetype/hanazono/HanaMinB.ttf ] || echo fonts-hanazono
    if [ "$purpose" = letters ]; then
        command -v chromium >/dev/null || echo chromium
    elif [ "$purpose" != run ]; then
        command -v soffice >/dev/null && [ -e /usr/lib/libreoffice/program/libsclo.so ] || echo libreoffice-calc
    fi
    if [ "$purpose" = test ] || [ "$purpose" = bench ]; then
        [ -x /usr/sbin/dovecot ] || echo dovecot-imapd
    fi
    if [ "$purpose" = test ]; then
        [ -e /usr/lib/python3/dist-packages/uno.py ] || echo python3-uno
        compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
        command -v pdftoppm >/dev/null || echo poppler-utils
        command -v ssconvert >/dev/null || echo gnumeric
        command -v chromium >/dev/null || echo chromium
        command -v node >/dev/null || echo nodejs
        command -v npm >/dev/null || echo npm
    fi
}

install_system() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
    if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
        echo "set-up: these system packages are missing; run this line, then make again:" >&2
        echo "  sudo apt-get install --no-install-recommends $*" >&2
        exit 1
    fi
    echo "set-up: apt-get install $*"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update >"$stamps/apt.log" 2>&1 || echo "set-up: apt-get update failed, the old lists are tried" >&2
    "${apt[@]}" install -y --no-install-recommends "$@" >>"$stamps/apt.log" 2>&1 </dev/null || {
        tail -n 30 "$stamps/apt.log" >&2
        exit 1
    }
}

# the environment stands if it was made here from these very files
environment_key() {
    pwd
    cat requirements/run.txt requirements/dev.txt pyproject.toml pipeline/__init__.py tools/setup.sh
}

install_environment() {
    echo "set-up: .venv from requirements/run.txt and requirements/dev.txt"
    rm -f "$stamps/environment"
    .venv/bin/python -c 'import sys; assert sys.version_info >= (3, 11)' 2>/dev/null ||
        tools/uv.sh venv --quiet --clear --python "${PYTHON:->=3.11}" .venv
    tools/uv.sh pip sync --quiet --compile-bytecode --python .venv --require-hashes \
        requirements/run.txt requirements/dev.txt
    tools/uv.sh pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
}

wanted="$(missing)"
if [ -n "$wanted" ]; then
    # shellcheck disable=SC2086  # one word a package
    install_system $wanted
    wanted="$(missing)"
    [ -z "$wanted" ] || { echo "set-up: still missing after the installation: $wanted" >&2; exit 1; }
fi
key="$(environment_key | sha256sum)"
if [ "$(cat "$stamps/environment" 2>/dev/null)" != "$key" ] || ! .venv/bin/python -c '' 2>/dev/null; then
    install_environment
    echo "$key" >"$stamps/environment"
fi

# libraries of JavaScript that save workbooks, for tests/people: installed once a machine, they take a minute
if [ "$purpose" = test ]; then
    libraries=tests/people/npm
    key="$(cat "$libraries/package.json" "$libraries/package-lock.json" | sha256sum)"
    kept="${XDG_CACHE_HOME:-$HOME/.cache}/queke/npm-${key:0:16}"
    if [ ! -d "$kept" ]; then
        echo "set-up: $kept from $libraries/package-lock.json"
        mkdir -p "${kept%/*}"
        fresh="$(mktemp -d "$kept.XXXXXX")"
        cp "$libraries/package.json" "$libraries/package-lock.json" "$fresh"
        npm ci --prefix "$fresh" --silent --no-audit --no-fund --ignore-scripts --prefer-offline
        mv -T "$fresh" "$kept" 2>/dev/null || rm -rf "$fresh" # another set-up was first
    fi
    ln -sfn "$kept/node_modules" "$libraries/node_modules"
fi
