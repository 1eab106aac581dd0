#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   with_display.sh COMMAND...
#
# Runs a command on a virtual screen of its own: window tests can run side by side, and nobody's keyboard is taken.
# MOLSPACE_SCREEN is its size: 1280x800, or 2560x1600 for QT_SCALE_FACTOR=2.
set -eu
number=$(mktemp)
Xvfb -displayfd 3 -nolisten tcp -screen 0 "${MOLSPACE_SCREEN:-1280x800}x24" 3>"$number" 2>/dev/null &
server=$!
trap 'kill $server 2>/dev/null; rm -f "$number"' EXIT
trap 'exit 143' INT TERM
waited=0
while [ ! -s "$number" ]; do
    waited=$((waited + 1))
    if [ $waited -gt 600 ] || ! kill -0 $server 2>/dev/null; then
        echo "with_display: no virtual screen came up (Xvfb)" >&2
        exit 1
    fi
    sleep 0.05
done
DISPLAY=:$(cat "$number")
export DISPLAY
unset XAUTHORITY WAYLAND_DISPLAY
"$@"
