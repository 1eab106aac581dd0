#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs what the build needs and is missing: Debian packages (as root, or with sudo), and from PyPI wheels, pinned by
# hash, into the user's cache folder, where every clone finds them: LibTorch (python.lock) and the CUDA toolkit that
# compiles the kernels (cuda.lock). An existing LibTorch is taken instead where Torch_DIR names the folder of its
# TorchConfig.cmake (and numpy for the tests comes by tests.lock), an existing CUDA toolkit 13 where CUDACXX, CUDA_HOME,
# PATH or /usr/local/cuda lead to its nvcc.
# What is there already is skipped.
#
#   packaging/setup.sh [--deep]                     --deep: also what `packaging/test.sh --deep` needs
#   MOLSPACE_CUDA=off packaging/setup.sh [--deep]   without the CUDA toolkit
set -eu
here=$(cd "$(dirname "$0")" && pwd)

packages="cmake ninja-build g++ ccache mold pkg-config git ca-certificates
    libhdf5-dev hdf5-tools libopenblas-openmp-dev libzip-dev libxxhash-dev nlohmann-json3-dev libcli11-dev libfmt-dev
    libgtest-dev libgmock-dev qt6-base-dev qt6-charts-dev qt6-datavisualization-dev qt6-svg-dev libqt6opengl6-dev
    qt6-declarative-dev libgl-dev libegl-dev libvulkan-dev libgl1-mesa-dri xvfb xauth python3-venv"
if [ "${1:-}" = "--deep" ]; then
    packages="$packages clang-format clang-tidy qt6-l10n-tools"
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

cache=${XDG_CACHE_HOME:-$HOME/.cache}/molspace-studio

# The folder of a lock file: another lock, another folder.
folder_of() { echo "$cache/$1-$(sha256sum "$here/$2" | cut -c1-12)"; }

# wheels <folder> <lock file> [<command to run after>]: a virtual environment with exactly what the lock file names.
wheels() {
    mkdir -p "$(dirname "$1")"
    (
        # Two clones at once: the second waits and finds it done.
        flock 9
        if [ ! -f "$1/.complete" ]; then
            rm -rf "$1"
            python3 -m venv "$1"
            retry "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$2"
            ${3:-true} "$1"
            touch "$1/.complete"
        fi
    ) 9>"$1.lock"
}

libtorch() {
    if [ -n "${Torch_DIR:-}" ]; then
        say "LibTorch: taking $Torch_DIR"
        [ -f "$Torch_DIR/TorchConfig.cmake" ] || { say "Torch_DIR has no TorchConfig.cmake"; exit 1; }
        tests=$(folder_of tests tests.lock)
        wheels "$tests" "$here/tests.lock"
        say "Python for the tests: $tests (without torch: what compares with PyTorch is skipped)"
        return
    fi
    python=$(folder_of python python.lock)
    if [ ! -f "$python/.complete" ]; then
        say "installing LibTorch and numpy into $python (about 4.7 GB, once for all clones)"
        wheels "$python" "$here/python.lock"
    fi
    say "LibTorch: $python"
}

# The same places in the same order as in engine/engine.cmake.
installed_nvcc() {
    for nvcc in "${CUDACXX:-}" "${CUDA_HOME:+$CUDA_HOME/bin/nvcc}" "$(command -v nvcc || true)" /usr/local/cuda/bin/nvcc; do
        [ -n "$nvcc" ] || continue
        if "$nvcc" --version 2>/dev/null | grep -q "release 13\."; then
            echo "$nvcc"
            return
        fi
    done
}

# Build tools expect a toolkit's layout: bin, include, nvvm, lib64, and a name without a version for every library. nvcc
# looks for the rest from bin/.., so bin is a folder and not a link to one.
toolkit_links() {
    from=$(cd "$1"/lib/python3*/site-packages/nvidia/cu13 && pwd)
    kit=$1/toolkit
    mkdir -p "$kit/bin" "$kit/lib"
    for part in include nvvm; do ln -s "$from/$part" "$kit/$part"; done
    for part in "$from"/bin/* "$from"/lib/*; do ln -s "$part" "$kit${part#"$from"}"; done
    for file in "$from"/lib/*.so.*; do
        plain=$(basename "$file")
        ln -s "$file" "$kit/lib/${plain%%.so.*}.so"
    done
    ln -s lib "$kit/lib64"
}

cuda_toolkit() {
    case ${MOLSPACE_CUDA:-auto} in
    [Oo][Ff][Ff] | 0) say "CUDA toolkit: not wanted (MOLSPACE_CUDA=$MOLSPACE_CUDA)"; return ;;
    esac
    nvcc=$(installed_nvcc)
    if [ -n "$nvcc" ]; then
        say "CUDA toolkit: taking $nvcc"
        return
    fi
    cuda=$(folder_of cuda cuda.lock)
    if [ ! -f "$cuda/.complete" ]; then
        say "installing the CUDA toolkit into $cuda (about 0.3 GB, once for all clones; MOLSPACE_CUDA=off does without)"
        wheels "$cuda" "$here/cuda.lock" toolkit_links
    fi
    say "CUDA toolkit: $cuda/toolkit"
}

libtorch
cuda_toolkit
