#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs what the build needs and is missing: Debian packages (as root, or with sudo), and LibTorch from the PyPI wheel,
# pinned by hash in python.lock, into the user's cache folder, where every clone finds it. An existing LibTorch is taken
# instead where Torch_DIR names the folder of its TorchConfig.cmake. What is there already is skipped.
#
#   packaging/setup.sh [--deep]     --deep: also what `packaging/test.sh --deep` needs
set -eu
here=$(cd "$(dirname "$0")" && pwd)

packages="cmake ninja-build g++ ccache mold pkg-config git ca-certificates
    libhdf5-dev hdf5-tools libopenblas-openmp-dev libzip-dev libxxhash-dev nlohmann-json3-dev libcli11-dev libfmt-dev
    libgtest-dev libgmock-dev qt6-base-dev qt6-charts-dev qt6-datavisualization-dev qt6-svg-dev libqt6opengl6-dev
    qt6-declarative-dev libgl-dev libegl-dev libvulkan-dev libgl1-mesa-dri xvfb xauth python3-venv"
if [ "${1:-}" = "--deep" ]; then
    packages="$packages clang-format clang-tidy"
fi

say() { printf '%s\n' "setup: $*"; }

# Networks fail now and then; three tries, a little apart.
retry() {
    for pause in 5 20 0; do
        "$@" && return 0
        [ "$pause" = 0 ] || { say "trying again in $pause s: $*"; sleep "$pause"; }
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
        say "these packages are missing and neither root nor sudo is at hand; install them first:"
        printf '  %s\n' "$*"
        return 1
    fi
}

missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
if [ -n "$missing" ]; then
    say "installing Debian packages:$missing"
    retry as_root apt-get update -qq
    # shellcheck disable=SC2086
    retry as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
else
    say "Debian packages: all there"
fi

if [ -n "${Torch_DIR:-}" ]; then
    say "LibTorch: taking $Torch_DIR"
    [ -f "$Torch_DIR/TorchConfig.cmake" ] || { say "Torch_DIR has no TorchConfig.cmake"; exit 1; }
    exit 0
fi
lock=$(sha256sum "$here/python.lock" | cut -c1-12)
python=${XDG_CACHE_HOME:-$HOME/.cache}/molspace-studio/python-$lock
if [ -f "$python/.complete" ]; then
    say "LibTorch: $python"
    exit 0
fi
say "installing LibTorch and numpy into $python (about 4.7 GB, once for all clones)"
mkdir -p "$(dirname "$python")"
(
    # Two clones at once: the second waits and finds it done.
    flock 9
    if [ ! -f "$python/.complete" ]; then
        rm -rf "$python"
        python3 -m venv "$python"
        retry "$python/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$here/python.lock"
        touch "$python/.complete"
    fi
) 9>"$python.lock"
say "LibTorch: $python"
