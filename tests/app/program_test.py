# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program itself: help, exit statuses, what it is linked with and what it loads."""
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from support import PROGRAM, FolderTest, needs_reactor, run, run_json, start

VERBS = ["demo", "synth", "import", "inspect", "pairs", "train", "evaluate", "sweep", "tune", "tune-encoder", "router", "why", "report", "export", "verify", "apply", "devices"]


class Program(FolderTest):
    def test_every_verb_has_help(self):
        overall = run("--help").stdout
        for verb in VERBS:
            self.assertIn(verb, overall)
            text = run(verb, "--help").stdout
            if verb != "devices":
                self.assertRegex(text, "Examples?: ", verb)
            for line in text.splitlines():
                self.assertNotRegex(line, r"\bTODO\b")

    def test_usage_errors_are_2(self):
        run(code=2)
        run("synth", code=2)
        run("swep", code=2)
        run("import", "w", code=2)
        self.assertIn("--space", run("evaluate", code=2).stderr)
        run("evaluate", "--space", "A", code=2)
        said = run("train", "w", "--recipe", "ImageBind++", "--batch-size", "3", code=2).stderr
        self.assertIn("expected from 8", said)
        self.assertIn("found 3", said)

    def test_failures_are_1_and_say_what_to_do(self):
        done = run("inspect", self.folder / "nothing", code=1)
        self.assertIn("nothing", done.stderr)
        answer = json.loads(run("inspect", self.folder / "nothing", "--json", code=1).stdout)
        self.assertIn("message", answer["error"])

    def test_unknown_recipe_names_the_nearest(self):
        run("synth", self.folder / "w", "--preset", "tiny", "-q")
        if os.environ.get("MOLSPACE_REACTOR") == "OFF":
            self.skipTest("built without LibTorch")
        said = run("train", self.folder / "w", "--recipe", "ImageBnd++", code=1).stderr
        self.assertIn("ImageBind++", said)

    def test_a_signal_stops_with_130_and_nothing_is_left(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            world = self.folder / f"w{number}"
            process = start("synth", world, "--preset", "paper-eval", "-q")
            while not (world / "pools").exists():  # at work, so its handlers are set
                self.assertIsNone(process.poll())
                time.sleep(0.02)
            process.send_signal(number)
            self.assertEqual(process.wait(60), 130)
            self.assertFalse(world.exists())

    def test_the_same_world_again_is_done_already_and_another_is_refused(self):
        world = self.folder / "w"
        first = run("synth", world, "--preset", "tiny").stdout
        self.assertEqual(run("synth", world, "--preset", "tiny").stdout, first)
        self.assertIn("another workspace", run("synth", world, "--preset", "tiny", "--seed", 1, code=1).stderr)

    def test_links_neither_qt_nor_torch(self):
        libraries = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
        self.assertIn("molspace_session", libraries)
        for unwanted in ("Qt6", "libtorch", "libc10", "libcuda"):
            self.assertNotIn(unwanted, libraries)

    def test_only_the_parts_for_gpus_hold_cuda_and_keep_it_to_themselves(self):
        build = pathlib.Path(PROGRAM).parents[1]
        files = [*(build / "bin").iterdir(), *(build / "lib" / "molspace").glob("*.so*")]
        self.assertGreater(len(files), 5)
        for path in files:
            if "molspace_reactor" not in path.name and "molspace_factors_cuda" not in path.name:
                self.assertNotIn(b"libcuda.so", path.read_bytes(), path)  # what the CUDA runtime looks for
                continue
            # Otherwise LibTorch would call this runtime where it means its own.
            symbols = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True)
            self.assertNotRegex(symbols.stdout, r" cuda\w+|__cuda")

    @needs_reactor
    def test_looking_and_measuring_load_neither_torch_nor_cuda(self):
        world, product = self.folder / "w", self.folder / "p"
        run("synth", world, "--preset", "tiny", "-q")

        def loaded(*words):
            return run(*words, "-q", env={"LD_DEBUG": "files"}).stderr

        trained = loaded("train", world, "--recipe", "ImageBind++", "--product", product, "--hidden-width", 32,
                         "--batch-size", 64, "--epochs", 1)
        self.assertIn("libtorch_cpu", trained)  # the test sees what is loaded
        for words in (["inspect", world], ["evaluate", "--product", product], ["evaluate", "--workspace", world, "--space", "CLAP_g"],
                      ["sweep", "--product", product, "--axis", "sigma_a=0:1:0.5"],
                      ["tune", "--product", product, "--maximize", "AT", "--step", "0.25"],
                      ["export", product, self.folder / "package"], ["verify", self.folder / "package"]):
            said = loaded(*words)
            for unwanted in ("libtorch", "libcuda", "molspace_reactor"):
                self.assertNotIn(unwanted, said, words[0])

    @needs_reactor
    def test_devices_says_why(self):
        self.assertTrue(run_json("devices"))
        said = run("devices").stdout
        self.assertIn("cpu", said.lower())
        # And so does a run that falls back.
        world = self.folder / "w"
        run("synth", world, "--preset", "tiny", "-q")
        trained = run("train", world, "--recipe", "ImageBind++", "--product", self.folder / "p", "--hidden-width", 32, "--batch-size", 64, "--epochs", 1)
        self.assertEqual("on cpu: no GPU that CUDA can use was found" in trained.stderr, "cuda:" not in said)


if __name__ == "__main__":
    unittest.main()
