# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real studio where things go wrong: killed, a full disk, files that vanish, files that are broken. One clear message, nothing lost.

The window is driven through `molspace-studio --drive` (ui/drive.h). Needs an X server, a virtual one will do."""
import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "app"))
from support import FolderTest, contents, needs_reactor, run, run_json  # noqa: E402

STUDIO = os.environ["MOLSPACE_STUDIO"]
OTHER = (".json", ".checkpoint", "landscapes")  # records hold times; what only the window makes
TRAINING = {"hidden_width": 32, "batch_size": 32, "epochs": 40}
FLAGS = [word for key, value in TRAINING.items() for word in ("--" + key.replace("_", "-"), value)]


class Studio:
    """A running window. `home`: where its settings and its recovery file go."""

    def __init__(self, home, *paths, before=None):
        self.home = pathlib.Path(home)
        self.home.mkdir(exist_ok=True)
        env = dict(os.environ, HOME=str(home), XDG_CONFIG_HOME=str(home), XDG_DATA_HOME=str(home), XDG_CACHE_HOME=str(home), LC_ALL="C.UTF-8")
        self.errors = open(self.home / "stderr", "ab")
        self.process = subprocess.Popen([STUDIO, "--drive", *map(str, paths)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=env,
                                        preexec_fn=before)

    def ask(self, do, **more):
        self.process.stdin.write((json.dumps({"do": do, **more}) + "\n").encode())
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the studio ended ({self.process.wait()}) at {do} {more}\n{(self.home / 'stderr').read_text()[-2000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{do} {more}: {answer['error']}")
        return answer

    def state(self):
        return self.ask("state")

    def until(self, there, what, seconds=900):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.state()
            if there(state):
                return state
            time.sleep(0.02)
        raise AssertionError(f"not within {seconds} s: {what}\n{json.dumps(state, indent=1)[-4000:]}")

    def rests(self):
        return self.until(lambda s: not s["busy"], "nothing under way")

    def click(self, button):
        self.until(lambda s: button in s["buttons"], f"a button {button}", 30)
        self.ask("click", button=button)

    def type(self, into, text):
        end = time.monotonic() + 60
        while True:
            try:
                return self.ask("type", into=into, text=str(text))
            except AssertionError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def export(self, package):
        """By the dialog; it stays open."""
        self.ask("trigger", action="Export…")
        self.type("package_folder", package)
        self.ask("click", button="export_action")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def quit(self):
        self.ask("quit")
        return self.process.wait(60)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


class Robust(FolderTest):
    def setUp(self):
        super().setUp()
        if not os.environ.get("DISPLAY"):
            self.skipTest("there is no screen: run it under xvfb-run")
        self.world = self.folder / "world"

    def studio(self, *paths, **more):
        out = Studio(self.folder / "home", *paths, **more)
        self.addCleanup(out.close)
        return out

    def synth(self):
        run("synth", self.world, "--preset", "tiny", "-q")

    def trained(self, name="product", epochs=1):
        product = self.folder / name
        run("train", self.world, "--recipe", "ImageBind++", "--product", product, *FLAGS[:-1], epochs, "--device", "cpu", "-q")
        return product

    @contextlib.contextmanager
    def small_disk(self, mebibytes):
        """A folder on a file system of that size; without the right to mount one the test is skipped."""
        place = self.folder / "disk"
        place.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "none", str(place)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no file system can be mounted here: " + mounted.stderr.decode())
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)

    def fill(self, place):
        """Takes every byte that is left; returns the file to remove."""
        filler = place / "filler"
        with open(filler, "wb", buffering=0) as out, contextlib.suppress(OSError):
            while out.write(b"x" * 4096) > 0:
                pass
        return filler

    def kept(self):
        """What all copies for recovery hold."""
        return "".join(path.read_text() for path in sorted((self.folder / "home").rglob("recovery/*.json")))

    def start_training(self, studio, product):
        studio.ask("open", path=str(self.world))
        studio.ask("trigger", action="Reactions")
        studio.until(lambda s: s["page"] == 2 and not s["busy"], "the page of reactions")
        studio.ask("options", run={"device": "cpu"}, reaction=TRAINING)
        studio.type("folder", product)
        studio.click("Start training")

    @needs_reactor
    def test_killed_while_it_trains(self):
        self.synth()
        product, plain = self.folder / "product", self.trained("plain", TRAINING["epochs"])
        studio = self.studio()
        self.start_training(studio, product)

        def halfway():
            return [p for p in product.glob("reactions/*/*.checkpoint") if not p.with_suffix(".safetensors").exists()]

        def whole():
            return sorted(p.relative_to(product) for p in product.glob("reactions/*/*.safetensors"))

        studio.until(lambda s: len(whole()) >= 2, "two projectors")
        # A stop between two projectors leaves no checkpoint, and then there is nothing to go on from but those.
        for _ in range(20):
            studio.click("Pause")
            studio.until(lambda s: s["runs"][0]["state"] == "paused", "a pause")
            if halfway():
                break
            studio.click("Go on")
            time.sleep(0.2)
        self.assertTrue(halfway())
        # The copy for recovery follows a second behind.
        studio.until(lambda s: str(product) in self.kept(), "the copy for recovery")
        finished = {name: (product / name).stat().st_mtime_ns for name in whole()}
        studio.click("Go on")
        studio.until(lambda s: s["training"], "the training")
        studio.kill()

        studio = self.studio()
        state = studio.until(lambda s: s["messages"], "an offer")
        self.assertEqual(len(state["messages"]), 1)
        self.assertIn("ended unexpectedly", state["messages"][0])
        self.assertIn("last checkpoint", state["messages"][0])
        studio.click("Bring it back")
        state = studio.until(lambda s: s["runs"], "the run")
        self.assertEqual([(r["state"], r["product"]) for r in state["runs"]], [("paused", str(product))])
        self.assertEqual(state["workspace"], str(self.world))
        studio.ask("trigger", action="Reactions")
        studio.click("Go on")
        state = studio.until(lambda s: s["runs"][0]["state"] in ("done", "failed"), "the end of the training")
        self.assertEqual(state["runs"][0]["state"], "done", state["runs"])
        for name, time_ns in finished.items():
            self.assertEqual((product / name).stat().st_mtime_ns, time_ns, f"{name} was trained again")
        self.assertEqual(contents(product, OTHER), contents(plain, OTHER))
        studio.rests()
        studio.ask("save", file=str(self.folder / "kept.msproject"))
        self.assertEqual(studio.quit(), 0)
        # Closed as it should be, it offers nothing.
        studio = self.studio()
        studio.rests()
        time.sleep(0.3)
        self.assertEqual(studio.state()["messages"], [])

    def saves_without_room(self, studio, file, refuse, allow):
        """The old project file stays whole, one message says why, and with room again it is saved."""
        studio.ask("save", file=str(file))
        before = file.read_bytes()
        old = json.loads(before)
        refuse()
        studio.ask("factor", name="sigma_a", value=0.123)
        studio.ask("save", file=str(file))
        state = studio.state()
        self.assertEqual(len(state["messages"]), 1, state["messages"])
        self.assertIn(str(file), state["messages"][0])
        self.assertEqual(file.read_bytes(), before)
        self.assertTrue(state["modified"])
        self.assertEqual([p.name for p in file.parent.glob("*partial*")], [])
        allow()
        studio.ask("save", file=str(file))
        self.assertNotEqual(json.loads(file.read_text()), old)
        self.assertIn("0.123", file.read_text())
        return state["messages"][0]

    @needs_reactor
    def test_a_full_disk_while_a_project_is_saved(self):
        self.synth()
        product = self.trained()
        studio = self.studio(product)
        studio.until(lambda s: s["open"] and not s["busy"], "an open product")
        with self.small_disk(1) as disk:
            filler = []
            message = self.saves_without_room(studio, disk / "a.msproject", lambda: filler.append(self.fill(disk)), lambda: filler[0].unlink())
            self.assertIn("No space left", message)
            self.assertIn("free some disk space", message.lower())
        self.assertEqual(studio.quit(), 0)

    @needs_reactor
    def test_a_file_that_may_not_grow(self):
        """The same where no file system can be mounted: a limit on the size of files."""
        self.synth()
        product = self.trained()
        run("evaluate", "--product", product, "-q")
        studio = self.studio(product, before=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        studio.until(lambda s: s["open"] and not s["busy"], "an open product")
        pid, none = studio.process.pid, resource.RLIM_INFINITY
        message = self.saves_without_room(studio, self.folder / "a.msproject", lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (100, none)),
                                          lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (none, none)))
        self.assertIn("File too large", message)
        self.assertEqual(studio.quit(), 0)

    @needs_reactor
    def test_a_full_disk_while_it_trains(self):
        self.synth()
        plain = self.trained("plain", TRAINING["epochs"])
        size = sum(p.stat().st_size for p in plain.rglob("*") if p.is_file())
        with self.small_disk(8 + 2 * size // 2**20) as disk:
            studio = self.studio()
            product = disk / "product"
            self.start_training(studio, product)
            studio.until(lambda s: list(product.glob("reactions/*/*.safetensors")), "a projector")
            kept = contents(product / "reactions", OTHER + (".csv",))
            filler = self.fill(disk)
            state = studio.until(lambda s: s["runs"][0]["state"] != "running", "the end of the training")
            self.assertEqual(state["runs"][0]["state"], "failed")
            self.assertIn("No space left", state["runs"][0]["failure"])
            told = [m for m in state["messages"] if "No space left" in m]
            self.assertEqual(len(told), 1, state["messages"])
            self.assertIn("free some disk space", told[0].lower())
            now = contents(product / "reactions", OTHER + (".csv",))
            self.assertEqual({name: now.get(name) for name in kept}, kept)
            filler.unlink()
            studio.click("Go on")
            state = studio.until(lambda s: not s["training"] and s["runs"][-1]["state"] in ("done", "failed"), "the end of the training")
            self.assertEqual(state["runs"][-1]["state"], "done", state["runs"])
            self.assertEqual(contents(product, OTHER), contents(plain, OTHER))
            studio.rests()
            self.assertEqual(studio.quit(), 0)

    @needs_reactor
    def test_a_full_disk_while_a_package_is_exported(self):
        self.synth()
        product = self.trained()
        studio = self.studio(product)
        studio.until(lambda s: s["open"] and not s["busy"], "an open product")
        size = sum(p.stat().st_size for p in product.rglob("*") if p.is_file())
        with self.small_disk(max(4, 4 * size // 2**20)) as disk:
            package = disk / "package"
            run("export", product, package, "--no-metrics", "-q")
            before = contents(package)
            filler = self.fill(disk)
            studio.export(package)
            state = studio.until(lambda s: s["messages"], "a message", 60)
            self.assertEqual(len(state["messages"]), 1, state["messages"])
            self.assertEqual(contents(package), before)
            self.assertEqual([p.name for p in disk.glob("*partial*")], [])
            run("verify", package)
            other = disk / "other"
            studio.type("package_folder", other)
            studio.ask("click", button="export_action")
            state = studio.until(lambda s: s["messages"] and str(other) in s["messages"][0], "a message", 60)
            self.assertEqual(len(state["messages"]), 1, state["messages"])
            self.assertFalse(other.exists())
            filler.unlink()
            studio.ask("click", button="export_action")
            studio.until(lambda s: (other / "manifest.json").exists() and not s["messages"], "a package", 60)
            run("verify", other)
        studio.kill()

    @needs_reactor
    def test_a_product_that_vanishes(self):
        self.synth()
        product = self.trained()
        settings = {value: run_json("evaluate", "--product", product, "--set", f"sigma_a={value}", "--reference")["sets"] for value in (0.2, 0.9)}
        studio = self.studio(product)
        studio.until(lambda s: s["open"] and not s["busy"], "an open product")
        shutil.rmtree(product)
        for value, sets in settings.items():  # what is open goes on
            studio.ask("factor", name="sigma_a", value=value)
            studio.rests()
            time.sleep(0.2)
            state = studio.state()
            for one in sets:
                figures = one["metrics"]
                first = next(figures[m] for m in ("R@1", "top-1", "mAP") if m in figures)
                self.assertAlmostEqual(state["figures"][one["set"]], first, 9)
        self.assertEqual(state["messages"], [])
        studio.export(self.folder / "package")
        state = studio.until(lambda s: s["messages"], "a message", 60)
        self.assertEqual(len(state["messages"]), 1, state["messages"])
        self.assertIn(str(product), state["messages"][0])
        self.assertFalse((self.folder / "package").exists())
        studio.until(lambda s: "0.9" in self.kept(), "the copy for recovery", 30)
        studio.kill()
        # Brought back without it: one message, and the window can be used.
        studio = self.studio()
        studio.click("Bring it back")
        state = studio.until(lambda s: s["messages"] and not s["busy"], "a message")
        self.assertEqual(len(state["messages"]), 1, state["messages"])
        self.assertIn(str(product), state["messages"][0])
        self.assertEqual(state["setting"]["factors"]["sigma_a"], 0.9)
        again = self.trained("again")
        studio.ask("open", path=str(again))
        state = studio.until(lambda s: s["open"] and not s["busy"], "another product")
        self.assertEqual(state["messages"], [])
        studio.ask("save", file=str(self.folder / "kept.msproject"))
        self.assertEqual(studio.quit(), 0)

    @needs_reactor
    def test_libtorch_comes_with_the_first_training(self):
        self.synth()
        studio = self.studio(self.trained())

        def loaded():
            return pathlib.Path(f"/proc/{studio.process.pid}/maps").read_text()

        studio.until(lambda s: s["open"] and not s["busy"], "an open product")
        studio.ask("factor", name="sigma_a", value=0.7)
        studio.rests()
        for unwanted in ("libtorch", "libcuda", "molspace_reactor"):
            self.assertNotIn(unwanted, loaded())
        self.start_training(studio, self.folder / "other")
        studio.until(lambda s: "libtorch_cpu" in loaded(), "LibTorch", 120)
        studio.kill()

    def test_pictures_are_whole_or_none(self):
        env = dict(os.environ, HOME=str(self.folder), XDG_CONFIG_HOME=str(self.folder), QT_SCALE_FACTOR="8")
        shots = self.folder / "shots"
        done = subprocess.run([STUDIO, "--screenshot", str(shots)], capture_output=True, text=True, env=env, timeout=120)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not fit the screen", done.stderr)
        self.assertFalse(shots.exists())

    @needs_reactor
    def test_a_hand_that_never_rests_is_kept(self):
        self.synth()
        product = self.trained()
        studio = self.studio(product)
        studio.until(lambda s: s["open"] and not s["busy"], "an open product")
        first, end, moved = self.kept(), time.monotonic() + 60, 0
        while self.kept() == first and time.monotonic() < end:
            moved += 1
            studio.ask("factor", name="sigma_a", value=0.25 + moved % 500 / 1000)
            time.sleep(0.05)
        self.assertNotEqual(self.kept(), first, f"nothing was kept in {moved} moves without a rest")
        studio.kill()

    @needs_reactor
    def test_each_window_that_crashed_is_offered(self):
        self.synth()
        product = self.trained()
        studios = [self.studio(product), self.studio(product)]
        for value, studio in zip((0.111, 0.222), studios):
            studio.until(lambda s: s["open"] and not s["busy"], "an open product")
            studio.ask("factor", name="sigma_a", value=value)
            studio.until(lambda s, value=value: str(value) in self.kept(), "the copy for recovery", 30)
        for studio in studios:
            studio.kill()
        studio = self.studio()
        state = studio.until(lambda s: s["messages"], "an offer", 30)
        self.assertEqual(len(state["messages"]), 1, state["messages"])
        studio.ask("click", button="dismiss")  # the newer one is refused
        studio.until(lambda s: "0.222" not in self.kept(), "the end of the copy that was refused", 30)
        studio.click("Bring it back")
        state = studio.until(lambda s: s["open"] and not s["busy"], "the product")
        self.assertEqual(state["setting"]["factors"]["sigma_a"], 0.111)
        self.assertEqual(state["messages"], [])
        studio.kill()

    @needs_reactor
    def test_broken_projects(self):
        self.synth()
        product = self.trained()
        studio = self.studio(product)
        studio.until(lambda s: s["open"] and not s["busy"], "an open product")
        good = self.folder / "good.msproject"
        studio.ask("factor", name="sigma_a", value=0.321)
        studio.ask("save", file=str(good))
        text = good.read_text()
        newer = json.loads(text)
        newer["format_version"] = [99, 0]
        for name, broken in {"cut": text[: len(text) // 2], "empty": "", "other": '{"format": "molspace recipe"}', "list": "[]", "newer": json.dumps(newer),
                             "binary": "\0\1\2" * 100, "deep": '{"format":' + "[" * 50000}.items():
            with self.subTest(name):
                file = self.folder / f"{name}.msproject"
                file.write_text(broken)
                studio.ask("open", path=str(file))
                state = studio.rests()
                self.assertEqual(len(state["messages"]), 1, state["messages"])
                self.assertIn(str(file), state["messages"][0])
                self.assertEqual(file.read_text(), broken)
                # What was open is as it was.
                self.assertEqual((state["file"], state["product"], state["setting"]["factors"]["sigma_a"]), (str(good), str(product), 0.321))
        studio.ask("open", path=str(good))
        state = studio.rests()
        self.assertEqual(state["messages"], [])
        self.assertEqual(studio.quit(), 0)


if __name__ == "__main__":
    unittest.main()
