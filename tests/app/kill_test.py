# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 (and now and then a stop) in the middle of a verb, then the same command again: it finishes, with an equal result, and nothing is lost."""
import shutil
import signal
import sys
import time
import unittest

from support import DEEP, SOURCE, FolderTest, contents, needs_reactor, run, start, unit_rows

import numpy as np

TRIES = 12 if DEEP else 4
PRESET, ROWS = ("small", 60000) if DEEP else ("tiny", 20000)
TIMES = (".json", ".checkpoint")  # records hold times


class Kill(FolderTest):
    def killed_often(self, words, result, prepare=lambda: None, skip=(), unharmed=None):
        """Kills at points spread over the verb's own duration; after each kill the command must finish equally."""
        prepare()
        begin = time.monotonic()
        run(*words)
        took = time.monotonic() - begin
        expected = contents(result, skip)
        self.assertTrue(expected)
        before = contents(unharmed) if unharmed else None
        killed = 0
        for i in range(TRIES):
            shutil.rmtree(result, ignore_errors=True)
            prepare()
            for kill in range(1 + i % 3):  # some are killed again while they go on
                process = start(*words)
                wait = took * (i + 0.5) / TRIES / (1 + kill)
                time.sleep(wait)
                if process.poll() is None:
                    process.send_signal(signal.SIGINT if i % 4 == 3 else signal.SIGKILL)  # now and then a polite stop
                    killed += 1
                else:
                    took = min(took, wait)  # the machine had more to do when it was measured
                process.wait()
            run(*words)
            self.assertEqual(contents(result, skip), expected, f"try {i}")
            left = [p.name for p in result.rglob("*partial*")] + [p.name for p in result.parent.glob("*.partial*")]
            self.assertEqual(left, [])
            if unharmed:
                self.assertEqual(contents(unharmed), before)
        self.assertGreater(killed, 0)

    def test_import(self):
        for i in range(3):
            np.save(self.folder / f"{i}.npy", unit_rows(ROWS, 256, i))
        world, kept = self.folder / "world", self.folder / "kept"
        run("import", kept, "--pool", f"image:B={self.folder / '1.npy'}")
        words = ["import", world]
        for i, modality in enumerate(("audio", "text", "depth")):
            words += ["--pool", f"{modality}:A={self.folder / f'{i}.npy'}"]

        def prepare():
            shutil.rmtree(world, ignore_errors=True)
            shutil.copytree(kept, world)

        self.killed_often(words, world, prepare)

    def test_synth(self):
        self.killed_often(["synth", self.folder / "world", "--preset", PRESET], self.folder / "world")

    @needs_reactor
    def test_pairs_train_and_export(self):
        world, product, package = (self.folder / n for n in ("world", "product", "package"))
        run("synth", world, "--preset", PRESET, "-q")
        react = [world, "--recipe", "ImageBind++", "--product", product, "--hidden-width", 64, "--batch-size", 64, "--epochs", 4]
        self.killed_often(["pairs", *react], product, skip=TIMES, unharmed=world)
        shutil.rmtree(product)
        self.killed_often(["train", *react], product, skip=TIMES, unharmed=world)
        self.killed_often(["export", product, package], package, unharmed=product)
        surface = self.folder / "surface.csv"
        self.killed_often(["sweep", "--product", product, "-o", surface], product / "landscapes", unharmed=product / "basis")
        run("verify", package)

    # The workspace gets a space at the end, so it belongs to what is compared.
    @needs_reactor
    def test_tune_encoder(self):
        sys.path.insert(0, str(SOURCE / "tests" / "data"))
        try:
            import make_encoder
        except ImportError as missing:
            raise unittest.SkipTest(f"{missing}; packaging/setup.sh installs it")
        world, kept = self.folder / "world", self.folder / "kept"
        run("synth", kept, "--preset", "tiny", "-q")
        run("train", kept, "--recipe", "InternVL_IB", "--hidden-width", 16, "--batch-size", 64, "--epochs", 1, "-q")
        make_encoder.make(kept, self.folder)
        words = ["tune-encoder", "--product", world / "products" / "InternVL_IB", "--workspace", world, "--encoder",
                 self.folder / "encoder.pt", "--inputs", self.folder / "inputs.h5", "--epochs", 40, "--batch-size", 50]

        def prepare():
            shutil.rmtree(world, ignore_errors=True)
            shutil.copytree(kept, world)

        self.killed_often(words, world, prepare, skip=TIMES)


if __name__ == "__main__":
    unittest.main()
