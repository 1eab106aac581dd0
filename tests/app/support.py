# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the built `molspace` as a user would. MOLSPACE names the program; numpy, h5py and safetensors come with setup."""
import hashlib
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest


def require(*modules):
    """Ends the file where a module is missing, in the words by which a test counts as skipped."""
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as missing:
            print(f"Ran 0 tests: {missing}; packaging/setup.sh installs it")
            sys.exit(0)


require("h5py", "numpy", "safetensors")
import h5py  # noqa: E402
import numpy as np  # noqa: E402

PROGRAM = os.environ["MOLSPACE"]
SOURCE = pathlib.Path(__file__).resolve().parents[2]
DEEP = bool(os.environ.get("MOLSPACE_DEEP"))
REACTOR = os.environ.get("MOLSPACE_REACTOR", "ON") == "ON"
REAL = pathlib.Path(os.environ.get("MOLSPACE_REAL_DATA", SOURCE.parent / "shared" / "real-data"))

needs_reactor = unittest.skipUnless(REACTOR, "built without LibTorch: nothing trains")
needs_real_data = unittest.skipUnless(REAL.is_dir(), f"the real embeddings are not at {REAL}")


def run(*words, code=0, timeout=600, cwd=None, env=None):
    """Runs a verb; its exit status must be `code`."""
    words = [str(w) for w in words]
    done = subprocess.run([PROGRAM, *words], capture_output=True, timeout=timeout, cwd=cwd,
                          env=dict(os.environ, **(env or {})))
    done.stdout, done.stderr = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    if done.returncode != code:
        raise AssertionError(f"molspace {' '.join(words)}: exit {done.returncode}, expected {code}\n"
                             f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done


def run_json(*words, **options):
    return json.loads(run(*words, "--json", "-q", **options).stdout)


def start(*words):
    return subprocess.Popen([PROGRAM, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def unit_rows(rows, width, seed):
    x = np.random.default_rng(seed).standard_normal((rows, width)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def contents(folder, skip=()):
    """Every file's hash by its relative path."""
    out = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and path.name != ".lock" and not any(part in name for part in skip):
            out[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return out


class FolderTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="molspace-test-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def manifest(self, json_value, name="manifest.json"):
        path = self.folder / name
        path.write_text(json.dumps(json_value))
        return path
