# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Landscapes of trained products on preset small (a synthetic world): every figure at every node of 21 x 21 grids equals brute
force in float64. MOLSPACE_DEEP takes the products with a displacement too."""
import pathlib
import re
import subprocess
import unittest

from support import DEEP, PROGRAM, FolderTest, needs_reactor, run

BENCH = pathlib.Path(PROGRAM).parents[1] / "tests" / "bench_landscape"
GRIDS = {"ImageBind++": 1, "InternVL_IB": 1, "InternVL_IB++": 2}


@needs_reactor
@unittest.skipUnless(BENCH.exists(), "built without benchmarks, one of which compares the grids")
class Grids(FolderTest):
    def test_every_node_equals_brute_force(self):
        run("synth", self.folder / "world", "--preset", "small", "-q")
        for recipe in GRIDS if DEEP else ["ImageBind++"]:
            product = self.folder / recipe
            run("train", self.folder / "world", "--recipe", recipe, "--product", product, "--hidden-width", 128, "--batch-size", 512,
                "--epochs", 2, "-q")
            done = subprocess.run([BENCH, product, "--settings", "10", "--check", "10", "--check-grids", "--reference"],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            grids = re.findall(r"21 x 21 over .*: (\d+) figures compared with brute force in float64, (\d+) differ", done.stdout)
            self.assertEqual(len(grids), GRIDS[recipe], done.stdout)
            for compared, differ in grids:
                self.assertGreater(int(compared), 441 * 50)
                self.assertEqual(int(differ), 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
