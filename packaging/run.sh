#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sets up what is missing, builds Release, and does the main job: the studio where there is a display, else the
# demonstration on the command line. Arguments go to the program. MOLSPACE_CUDA=off builds without CUDA kernels.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
"$here/setup.sh"
echo "run: building"
mkdir -p build
cmake --preset release "-DMOLSPACE_CUDA=${MOLSPACE_CUDA:-AUTO}" >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
cmake --build --preset release
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    echo "run: starting the studio"
    exec build/release/bin/molspace-studio "$@"
fi
echo "run: there is no display, so this is the demonstration (build/release/bin/molspace demo)"
exec build/release/bin/molspace demo "$@"
