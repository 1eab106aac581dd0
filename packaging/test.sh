#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sets up what is missing, builds Release and passes every test.
#
#   packaging/test.sh [--again] [--deep]
#
# Tests that passed are not run once more while everything that they depend on is as it was: programs, libraries, scripts,
# data, real embeddings, GPUs. --again runs them.
# --deep adds: AddressSanitizer with UndefinedBehaviorSanitizer and ThreadSanitizer (on what links no LibTorch; the latter
# also on what runs the window's jobs), the builds without CUDA and without LibTorch and Qt, lint, and long fuzzing and
# soak tests. The time of every stage is printed at the end. MOLSPACE_CUDA=off builds Release without CUDA kernels.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
deep=""
again=""
for word in "$@"; do
    case $word in
    --deep) deep=1 ;;
    --again) again=1 ;;
    *) echo "test.sh: expected --again or --deep, found $word" >&2; exit 2 ;;
    esac
done
times=""
failed=""

stage() {
    name=$1
    shift
    echo "== $name"
    begin=$(date +%s)
    outcome=passed
    if "$@"; then result=$outcome; else result=FAILED; failed=1; fi
    times="$times$(printf '%-34s %-7s %5d s' "$name" "$result" $(($(date +%s) - begin)))
"
    [ "$result" != FAILED ]
}

build() {
    preset=$1
    shift
    cmake --preset "$preset" "$@" >"/tmp/molspace-configure-$$" 2>&1 || { cat "/tmp/molspace-configure-$$"; rm -f "/tmp/molspace-configure-$$"; return 1; }
    sed -n '/^-- molspace/,/^-- Conf/p' "/tmp/molspace-configure-$$"
    rm -f "/tmp/molspace-configure-$$"
    cmake --build --preset "$preset"
}

tests() {
    preset=$1
    shift
    ctest --preset "$preset" "$@"
}

# All that the tests of the release build depend on, as one number.
state() {
    {
        find build/release/bin build/release/lib build/release/tests -type f -perm -u+x -print0
        find tests resources packaging -type f ! -name '*.pyc' -print0
    } | sort -z | xargs -0 sha256sum
    find ../shared/real-data -type f -printf '%p %s %T@\n' 2>/dev/null | sort
    ls /dev/nvidia* 2>/dev/null
}

release_tests() {
    stamp=build/release/passed
    now=$(state | sha256sum)
    if [ -z "$again$deep" ] && [ "$(cat $stamp 2>/dev/null)" = "$now" ]; then
        echo "passed on $(date -r $stamp '+%Y-%m-%d %H:%M'), and nothing that they depend on has changed since; --again runs them"
        outcome=before
        return 0
    fi
    rm -f $stamp
    tests release || return 1
    echo "$now" >$stamp
}

lint() {
    git ls-files '*.cpp' '*.h' '*.cu' '*.cuh' | grep -E '^(app|engine|ui|tests)/' | xargs clang-format --dry-run -Werror
    # The folders that all others stand on are a sample; their headers come with them.
    git ls-files 'engine/base/*.cpp' 'engine/space/*.cpp' 'engine/store/*.cpp' 'engine/recipe/*.cpp' |
        xargs -P 2 -n 4 clang-tidy --quiet -p build/release --extra-arg=-Wno-unknown-warning-option --warnings-as-errors='*'
}

finish() {
    printf '\n%s' "$times"
    if [ -n "$failed" ]; then echo "test: FAILED"; exit 1; fi
    echo "test: everything passed"
    exit 0
}

set_up() { if [ -n "$deep" ]; then "$here/setup.sh" --deep; else "$here/setup.sh"; fi; }

stage "set-up" set_up || finish
stage "build, release" build release "-DMOLSPACE_CUDA=${MOLSPACE_CUDA:-AUTO}" || finish
stage "tests, release" release_tests || true
if [ -n "$deep" ]; then
    export MOLSPACE_DEEP=1
    stage "long fuzzing and soak, release" tests release -L deep || true
    unset MOLSPACE_DEEP
    stage "build, ASan and UBSan" build dev-asan && stage "tests, ASan and UBSan" tests dev-asan || true
    # libgomp is not instrumented, its barriers look like races: the preset runs one OpenMP thread, and what is looked at
    # is the program's own threads and locks. Long numerics without any of those are left out.
    stage "build, TSan" build dev-tsan && stage "tests, TSan" tests dev-tsan -LE deep || true
    stage "build, without CUDA" build no-cuda && stage "tests, without CUDA" tests no-cuda || true
    stage "build, without LibTorch and Qt" build minimal && stage "tests, without LibTorch and Qt" tests minimal || true
    stage "lint" lint || true
fi
finish
