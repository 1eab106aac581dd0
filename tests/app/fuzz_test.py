# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged and hostile inputs: an error and exit status 1 (or 0 where the damage does not matter), never a crash, never a
partial result. MOLSPACE_DEEP makes many more of them."""
import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import time
import unittest
import zipfile

from support import DEEP, PROGRAM, FolderTest, contents, needs_reactor, run, unit_rows

import h5py
import numpy as np
from safetensors.numpy import save_file

ROUNDS = 600 if DEEP else 60


def damaged(data, rng):
    """One or a few of: bytes changed, a piece cut out, doubled or overwritten, the end missing."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(data)) if rng.random() < 0.5 else rng.randrange(min(len(data), 512))
        size = min(rng.choice((1, 2, 4, 8, 64)), len(data) - at)
        what = rng.randrange(6)
        if what == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            data[at:at + size] = bytes(rng.choice((0, 0xff, 0x7f, 0x80)) for _ in range(size))
        elif what == 2:
            data[at:at + size] = rng.randbytes(size)
        elif what == 3:
            del data[at:at + size]
        elif what == 4:
            data[at:at] = data[at:at + size]
        else:
            del data[max(at, 1):]
        if not data:
            data = bytearray(b"\0")
    return bytes(data)


class Fuzz(FolderTest):
    def survives(self, words, note):
        done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, timeout=120,
                              env=dict(os.environ, ASAN_OPTIONS="allocator_may_return_null=1"))
        if done.returncode not in (0, 1):
            kept = pathlib.Path("/tmp") / f"molspace-fuzz-{time.time_ns()}"
            shutil.copytree(self.folder, kept, symlinks=True)
            self.fail(f"{note}: exit {done.returncode}; the inputs are kept in {kept}\n"
                      f"{' '.join(map(str, words))}\n{done.stderr.decode(errors='replace')[-2000:]}")
        if done.returncode == 1:
            self.assertTrue(done.stderr.strip(), note)
        return done.returncode

    def imports(self, name, data, source, rounds=ROUNDS):
        refused = 0
        for i in range(rounds):
            rng = random.Random(f"{name} {i}")
            (self.folder / name).write_bytes(damaged(data, rng))
            world = self.folder / "world"
            code = self.survives(["import", world, "--pool", f"text:A={self.folder / name}{source}"], f"{name} round {i}")
            if code == 0:
                self.survives(["inspect", world], f"{name} round {i}, inspect")
            else:
                refused += 1
                self.assertFalse(world.exists(), f"{name} round {i} left a part")
            shutil.rmtree(world, ignore_errors=True)
        self.assertGreater(refused, 0)

    def saved(self, write):
        path = self.folder / "original"
        write(path)
        data = path.read_bytes()
        path.unlink()
        return data

    def test_npy(self):
        buffer = io.BytesIO()
        np.save(buffer, unit_rows(20, 6, 1))
        self.imports("a.npy", buffer.getvalue(), "")

    def test_npz(self):
        for compressed in (False, True):
            buffer = io.BytesIO()
            (np.savez_compressed if compressed else np.savez)(buffer, x=unit_rows(20, 6, 1), y=np.arange(9))
            self.imports("a.npz", buffer.getvalue(), "#x")

    def test_safetensors(self):
        self.imports("a.safetensors", self.saved(lambda p: save_file({"x": unit_rows(20, 6, 1)}, p)), "#x")

    def test_hdf5(self):
        def write(path):
            with h5py.File(path, "w") as f:
                f.create_dataset("g/x", data=unit_rows(20, 6, 1), chunks=(5, 6), compression="gzip")
        self.imports("a.h5", self.saved(write), "#g/x")

        def contiguous(path):
            with h5py.File(path, "w") as f:
                f["x"] = unit_rows(20, 6, 1)
        self.imports("b.h5", self.saved(contiguous), "#x")

    def test_a_workspace(self):
        run("synth", self.folder / "good", "--preset", "tiny", "-q")
        for victim in ("workspace.h5", "pools/audio", "sets/COCO", "sets/ESC-50"):
            path = next(p for p in (self.folder / "good").rglob("*.h5") if str(p.relative_to(self.folder / "good")).startswith(victim))
            data = path.read_bytes()
            for i in range(ROUNDS // 2):
                path.write_bytes(damaged(data, random.Random(f"{victim} {i}")))
                self.survives(["inspect", self.folder / "good"], f"{victim} round {i}")
                self.survives(["evaluate", "--workspace", self.folder / "good", "--space", "ImageBind"], f"{victim} round {i}")
            path.write_bytes(data)
        run("inspect", self.folder / "good")

    def test_texts(self):
        np.save(self.folder / "a.npy", unit_rows(4, 6, 1))
        manifest = json.dumps({"format": "molspace-import", "pools": [
            {"name": "text", "modality": "text", "ids": {"file": "t.csv", "column": "id"}, "rows": {"file": "t.csv", "where": {"k": "1"}},
             "spaces": {"A": {"file": "a.npy"}}}]}).encode()
        table = b'id,k\n"a ""q""",1\nb,1\n"c\nd",2\ne,1\n'
        for i in range(ROUNDS):
            rng = random.Random(f"texts {i}")
            (self.folder / "m.json").write_bytes(damaged(manifest, rng) if i % 2 else manifest)
            (self.folder / "t.csv").write_bytes(table if i % 2 else damaged(table, rng))
            self.survives(["import", self.folder / "w", "--manifest", self.folder / "m.json"], f"texts round {i}")
            shutil.rmtree(self.folder / "w", ignore_errors=True)

    @needs_reactor
    def test_a_product_and_a_package(self):
        world, product, package = (self.folder / n for n in ("world", "product", "package"))
        run("synth", world, "--preset", "tiny", "-q")
        run("train", world, "--recipe", "ImageBind++", "--product", product, "--hidden-width", 8, "--batch-size", 64, "--epochs", 1, "-q")
        run("export", product, package, "-q")
        reaction = next((product / "reactions").iterdir())
        victims = [(product / "product.json", ["evaluate", "--product", product]),
                   (reaction / "T.safetensors", ["evaluate", "--product", product, "--set", "sigma_a=0.7"]),
                   (product / "basis" / "COCO.safetensors", ["evaluate", "--product", product, "--sets", "COCO"]),
                   (package / "manifest.json", ["verify", package]), (package / "probes.safetensors", ["verify", package]),
                   (package / "recipe.json", ["verify", package])]
        for path, words in victims:
            data = path.read_bytes()
            for i in range(ROUNDS // 4):
                harmed = damaged(data, random.Random(f"{path.name} {i}"))
                if harmed == data:  # zeros over zeros
                    continue
                path.write_bytes(harmed)
                code = self.survives(words, f"{path.name} round {i}")
                if words[0] == "verify" and code == 0:  # only where it says the same, say with other white space
                    self.assertEqual(json.loads(path.read_bytes()), json.loads(data), f"{path.name} round {i}")
            path.write_bytes(data)
        checkpoint = next(reaction.glob("*.checkpoint"))
        data = checkpoint.read_bytes()
        for i in range(max(3, ROUNDS // 100)):
            checkpoint.write_bytes(damaged(data, random.Random(i)))
            self.survives(["train", world, "--recipe", "ImageBind++", "--product", product, "--hidden-width", 8, "--batch-size", 64,
                           "--epochs", 1, "--more-epochs", 1], f"checkpoint round {i}")


class Hostile(FolderTest):
    def refused(self, *words, contains=""):
        before = contents(self.folder)
        said = run(*words, code=1, timeout=60).stderr
        self.assertIn(contains, said)
        self.assertEqual(contents(self.folder), before)
        return said

    def pool(self, file):
        return ["import", self.folder / "w", "--pool", f"text:A={file}"]

    def test_huge_shapes(self):
        for shape in ("(9223372036854775807, 9223372036854775807)", "(4611686018427387904, 4)", "(4, 4611686018427387904)", "(-1, 4)",
                      "(1, 18446744073709551616)", "(" * 2000):
            header = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }" % shape
            header += " " * (63 - (len(header) + 10) % 64) + "\n"
            (self.folder / "a.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(64))
            self.refused(*self.pool(self.folder / "a.npy"), contains="a.npy")
        for shape, offsets in (([1 << 62, 8], [0, 16]), ([4, 1], [0, 1 << 63]), ([2, 2], [16, 0]), ([-1, 4], [0, 16])):
            header = json.dumps({"x": {"dtype": "F32", "shape": shape, "data_offsets": offsets}}).encode()
            (self.folder / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
            self.refused(*self.pool(f"{self.folder / 'a.safetensors'}#x"), contains="a.safetensors")
        (self.folder / "a.safetensors").write_bytes((1 << 62).to_bytes(8, "little") + b"{}")
        self.refused(*self.pool(f"{self.folder / 'a.safetensors'}#x"), contains="a.safetensors")

    def test_deep_and_endless_json(self):
        (self.folder / "m.json").write_text("[" * 200000)
        self.refused("import", self.folder / "w", "--manifest", self.folder / "m.json")
        (self.folder / "m.json").write_text('{"a":' * 100000 + "1" + "}" * 100000)
        self.refused("import", self.folder / "w", "--manifest", self.folder / "m.json")
        header = ("[" * 100000).encode()
        (self.folder / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
        self.refused(*self.pool(f"{self.folder / 'a.safetensors'}#x"))

    def test_zip_bombs(self):
        with zipfile.ZipFile(self.folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as z:
            header = "{'descr': '<f4', 'fortran_order': False, 'shape': (16, 4), }".ljust(117) + "\n"
            with z.open("x.npy", "w", force_zip64=True) as member:
                member.write(b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + header.encode())
                for _ in range(256):
                    member.write(bytes(4 << 20))  # 1 GiB of zeros in 1 MiB
        self.refused(*self.pool(f"{self.folder / 'a.npz'}#x"), contains="a.npz")

    def test_links_that_go_round(self):
        with h5py.File(self.folder / "a.h5", "w") as f:
            f["a"] = h5py.SoftLink("/b")
            f["b"] = h5py.SoftLink("/a")
            f["out"] = h5py.ExternalLink("a.h5", "/out")
            f["group/self"] = f["/"]
        for name in ("a", "out", "group/self/group/self", "none"):
            self.refused(*self.pool(f"{self.folder / 'a.h5'}#{name}"), contains="a.h5")
        (self.folder / "loop.npy").symlink_to("loop.npy")
        run(*self.pool(self.folder / "loop.npy"), code=1)

    def test_paths_that_leave_a_folder(self):
        outside = self.folder / "outside.txt"
        outside.write_text("untouched")
        run("synth", self.folder / "w", "--preset", "tiny", "-q")
        with h5py.File(self.folder / "w" / "workspace.h5", "r+") as f:
            f["pools/evil"] = h5py.ExternalLink("../outside.h5", "/")
        shutil.copy(next((self.folder / "w" / "pools").glob("audio*.h5")), self.folder / "outside.h5")
        self.assertIn("outside.h5", run("inspect", self.folder / "w", code=1).stderr)

    def test_values_that_lie_in_another_file(self):
        (self.folder / "secret").write_bytes(np.ones(24, np.float32).tobytes())
        with h5py.File(self.folder / "a.h5", "w") as f:
            f.create_dataset("x", (4, 6), dtype="f4", external=[(str(self.folder / "secret"), 0, h5py.h5f.UNLIMITED)])
        self.refused(*self.pool(f"{self.folder / 'a.h5'}#x"), contains="another file")
        np.save(self.folder / "a.npy", unit_rows(20, 6, 1))
        run("import", self.folder / "w", "--set", f"s:retrieval:image:A={self.folder / 'a.npy'}", "--set",
            f"s:retrieval:text:A={self.folder / 'a.npy'}")
        with h5py.File(self.folder / "other.h5", "w") as f:
            f["far"] = np.zeros(1 << 20)
            f["x"] = unit_rows(20, 6, 5)
            f["x"].attrs.update({"norm_min": 1.0, "norm_mean": 1.0, "norm_max": 1.0})
        with h5py.File(next((self.folder / "w" / "sets").glob("s*.h5")), "r+") as f:
            del f["first/embeddings/A"]
            f["first/embeddings/A"] = h5py.ExternalLink(str(self.folder / "other.h5"), "/x")
        said = run("evaluate", "--workspace", self.folder / "w", "--space", "A", code=1).stderr
        self.assertIn("link to another", said)

    @needs_reactor
    def test_package_names_that_leave_it(self):
        world, product, package = (self.folder / n for n in ("world", "product", "package"))
        run("synth", world, "--preset", "tiny", "-q")
        run("train", world, "--recipe", "ImageBind++", "--product", product, "--hidden-width", 8, "--batch-size", 64, "--epochs", 1, "-q")
        run("export", product, package, "-q")
        manifest = json.loads((package / "manifest.json").read_text())
        (self.folder / "secret").write_text("secret")
        for name in ("../secret", "/etc/passwd", "a/../../secret"):
            changed = json.loads(json.dumps(manifest))
            changed["files"][name] = {"bytes": 6, "hash": "0"}
            (package / "manifest.json").write_text(json.dumps(changed))
            self.assertIn("within the package", run("verify", package, code=1).stderr)


if __name__ == "__main__":
    unittest.main()
