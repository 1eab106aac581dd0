# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import of every form of file, its refusals, and what other programs see in the workspace."""
import csv
import fcntl
import json
import unittest

from support import REAL, FolderTest, contents, needs_real_data, run, run_json, start, unit_rows

import h5py
import numpy as np
from safetensors.numpy import save_file


class Import(FolderTest):
    def setUp(self):
        super().setUp()
        self.rows = {name: unit_rows(40, width, seed) for seed, (name, width) in
                     enumerate({"IB": 16, "CLAP": 8}.items())}
        np.save(self.folder / "ib.npy", self.rows["IB"])
        np.save(self.folder / "clap.npy", self.rows["CLAP"])
        self.world = self.folder / "world"

    def stored(self, kind, name, dataset):
        with h5py.File(self.world / "workspace.h5") as f:
            return f[f"{kind}/{name}/{dataset}"][:]

    def refused(self, *words, contains=(), code=1):
        before = contents(self.folder)
        said = run("import", self.world, *words, code=code).stderr
        for text in contains if isinstance(contains, (list, tuple)) else [contains]:
            self.assertIn(text, said)
        self.assertEqual(contents(self.folder), before)
        return said

    def test_every_form_gives_the_same_rows(self):
        rows = self.rows["IB"]
        np.savez(self.folder / "a.npz", ib=rows, other=np.zeros(3))
        np.savez_compressed(self.folder / "c.npz", ib=rows)
        save_file({"ib": rows}, self.folder / "a.safetensors")
        np.save(self.folder / "stack.npy", np.stack([rows * 0 + 1, rows]))
        np.save(self.folder / "f64.npy", rows.astype(np.float64))
        np.save(self.folder / "fortran.npy", np.asfortranarray(rows))
        with h5py.File(self.folder / "a.h5", "w") as f:
            f.create_dataset("deep/group/rows", data=rows, chunks=(7, 5), compression="gzip")
            f.create_dataset("big_endian", data=rows.astype(">f4"))
        sources = ["ib.npy", "a.npz#ib", "c.npz#ib", "a.safetensors#ib", "stack.npy#1", "f64.npy", "fortran.npy",
                   "a.h5#deep/group/rows", "a.h5#big_endian"]
        words = []
        for i, source in enumerate(sources):
            words += ["--pool", f"p{i}:text:IB={self.folder / source}"]
        run("import", self.world, *words)
        for i, source in enumerate(sources):
            np.testing.assert_array_equal(self.stored("pools", f"p{i}", "text/embeddings/IB"), rows, source)
        np.save(self.folder / "half.npy", rows.astype(np.float16))
        run("import", self.world, "--pool", f"half:text:IB={self.folder / 'half.npy'}")
        half = self.stored("pools", "half", "text/embeddings/IB")
        self.assertEqual(half.dtype, np.float16)
        np.testing.assert_array_equal(half, rows.astype(np.float16))

    def test_rows_that_are_not_unit_length_are_kept_and_told(self):
        np.save(self.folder / "long.npy", self.rows["CLAP"] * 3)
        run("import", self.world, "--set", f"s:retrieval:audio:CLAP={self.folder / 'long.npy'}",
            "--set", f"s:retrieval:text:CLAP={self.folder / 'clap.npy'}")
        found = run_json("inspect", self.world)
        self.assertTrue(any("not all of unit length" in w for w in found["warnings"]), found["warnings"])
        figures = run_json("evaluate", "--workspace", self.world, "--space", "CLAP")
        self.assertEqual(figures["sets"][0]["metrics"]["R@1"], 100)

    def test_a_clip_retrieval_folder(self):
        parts = self.folder / "laion"
        for side, seed in (("img", 5), ("text", 6)):
            (parts / f"{side}_emb").mkdir(parents=True)
            rows = unit_rows(33, 12, seed).astype(np.float16)
            for i, block in enumerate((rows[:10], rows[10:20], rows[20:])):
                np.save(parts / f"{side}_emb" / f"{side}_emb_{i}.npy", block)
        run("import", self.world, "--clip-folder", f"CLIP={parts}")
        self.assertEqual(self.stored("pools", "image", "image/embeddings/CLIP").shape, (33, 12))
        np.testing.assert_array_equal(self.stored("pools", "text", "text/embeddings/CLIP"), unit_rows(33, 12, 6).astype(np.float16))
        (parts / "img_emb" / "img_emb_1.npy").unlink()
        self.refused("--clip-folder", f"CLIP={parts}", contains=["img_emb", "1"])

    def test_parquet_is_refused_with_the_way_out(self):
        (self.folder / "metadata.parquet").write_bytes(b"PAR1....PAR1")
        self.refused("--pool", f"text:IB={self.folder / 'ib.npy'}", "--ids", f"text={self.folder / 'metadata.parquet'}#key",
                     contains=["parquet", "csv"])

    def test_ids_paths_positives_and_labels_of_a_manifest(self):
        with open(self.folder / "items.csv", "w", newline="") as f:
            table = csv.writer(f)
            table.writerow(["id", "path", "class"])
            for i in range(40):
                table.writerow([f"clip {i}", f"audio/{i}.wav", f"class {i % 4}"])
        np.save(self.folder / "classes.npy", unit_rows(4, 8, 3))
        run("import", self.world, "--manifest", self.manifest({
            "format": "molspace-import", "version": 1,
            "pools": [{"name": "audio", "modality": "audio", "ids": "items.csv#id", "spaces": {"IB": "ib.npy", "CLAP": "clap.npy"}}],
            "sets": [{"name": "four", "kind": "classification", "prompt": "a sound of {}", "labels": "items.csv#class",
                      "first": {"modality": "audio", "ids": "items.csv#id", "paths": "items.csv#path", "spaces": {"CLAP": "clap.npy"}},
                      "second": {"modality": "text", "ids": ["class 0", "class 1", "class 2", "class 3"], "spaces": {"CLAP": "classes.npy"}}},
                     {"name": "many", "kind": "retrieval", "positives": {"captions": 4},
                      "first": {"modality": "audio", "rows": {"first": 0, "count": 10}, "spaces": {"CLAP": "clap.npy"}},
                      "second": {"modality": "text", "spaces": {"CLAP": "clap.npy"}}}]}))
        ids = self.stored("pools", "audio", "audio/ids")
        self.assertEqual(ids[3].decode(), "clip 3")
        np.testing.assert_array_equal(self.stored("sets", "four", "pairs"), [[i, i % 4] for i in range(40)])
        np.testing.assert_array_equal(self.stored("sets", "many", "pairs"), [[i // 4, i] for i in range(40)])
        found = run_json("inspect", self.world)
        self.assertEqual({s["name"]: s["pairs"] for s in found["sets"]}, {"four": 40, "many": 40})

    def test_adding_leaves_the_rest_as_it_was(self):
        run("import", self.world, "--pool", f"audio:CLAP={self.folder / 'clap.npy'}")
        before = contents(self.world / "pools")
        run("import", self.world, "--pool", f"text:IB={self.folder / 'ib.npy'}")
        after = contents(self.world / "pools")
        self.assertEqual({k: after[k] for k in before}, before)
        self.assertEqual(len(after), 2)

    def test_a_pool_that_is_replaced_may_have_another_width(self):
        run("import", self.world, "--pool", f"text:IB={self.folder / 'clap.npy'}")
        run("import", self.world, "--pool", f"text:IB={self.folder / 'ib.npy'}")
        self.assertEqual(self.stored("pools", "text", "text/embeddings/IB").shape, (40, 16))

    def test_widths_that_differ_within_one_input_and_names_given_twice_are_refused(self):
        run("import", self.world, "--pool", f"audio:CLAP={self.folder / 'clap.npy'}")
        self.refused("--set", f"s:retrieval:image:IB={self.folder / 'ib.npy'}", "--set", f"s:retrieval:text:IB={self.folder / 'clap.npy'}",
                     contains=["expected width 16", "found 8", "clap.npy"])
        twice = {"name": "text", "modality": "text", "spaces": {"IB": "ib.npy"}}
        self.refused("--manifest", self.manifest({"pools": [twice, twice]}), contains="given twice")
        run("inspect", self.world)

    def test_items_that_are_in_a_pool_and_a_set_are_seen_in_any_space(self):
        np.save(self.folder / "other.npy", unit_rows(40, 5, 9))
        run("import", self.world, "--pool", f"text:CLAP={self.folder / 'clap.npy'}", "--pool", f"text:IB={self.folder / 'ib.npy'}",
            "--set", f"a:retrieval:text:IB={self.folder / 'ib.npy'}", "--set", f"a:retrieval:image:IB={self.folder / 'ib.npy'}",
            "--set", f"b:retrieval:text:CLAP={self.folder / 'clap.npy'}", "--set", f"b:retrieval:image:X={self.folder / 'other.npy'}")
        warnings = run_json("inspect", self.world)["warnings"]
        for name in "ab":
            self.assertTrue(any(f"40 of 40 text rows of the set {name} are in the pool text" in w for w in warnings), warnings)

    def test_misaligned_spaces_are_told(self):
        latent = unit_rows(300, 6, 4)
        for name, width, order in (("one", 16, slice(None)), ("two", 12, slice(None)), ("off", 12, np.roll(np.arange(300), 1))):
            mix = np.random.default_rng(width).standard_normal((6, width)).astype(np.float32)
            np.save(self.folder / f"{name}.npy", latent[order] @ mix)
        run("import", self.world, "--pool", f"text:A={self.folder / 'one.npy'}", "--pool", f"text:B={self.folder / 'two.npy'}")
        self.assertFalse(any("misaligned" in w for w in run_json("inspect", self.world)["warnings"]))
        run("import", self.world, "--pool", f"text:A={self.folder / 'one.npy'}", "--pool", f"text:B={self.folder / 'off.npy'}")
        self.assertTrue(any("rows of B and A look misaligned" in w for w in run_json("inspect", self.world)["warnings"]))

    def test_metadata_of_a_clip_retrieval_folder(self):
        parts = self.folder / "laion"
        for side, rows in (("img", 20), ("text", 19)):
            (parts / f"{side}_emb").mkdir(parents=True)
            np.save(parts / f"{side}_emb" / f"{side}_emb_0.npy", unit_rows(rows, 12, rows))
        (parts / "metadata").mkdir()
        (parts / "metadata" / "metadata_0.parquet").write_bytes(b"PAR1")
        warnings = run_json("import", self.world, "--clip-folder", f"CLIP={parts}")["warnings"]
        self.assertTrue(any("20 and 19 rows" in w for w in warnings), warnings)
        self.assertTrue(any("parquet" in w and "csv" in w for w in warnings), warnings)
        (parts / "metadata" / "metadata_0.parquet").unlink()
        (parts / "metadata" / "metadata_0.json").write_text(json.dumps([{"key": f"{i:09}", "image_path": f"{i}.jpg"} for i in range(20)]))
        np.save(parts / "text_emb" / "text_emb_0.npy", unit_rows(20, 12, 1))
        self.assertEqual(run_json("import", self.world, "--clip-folder", f"CLIP={parts}")["warnings"], [])
        self.assertEqual(self.stored("pools", "image", "image/ids")[3], b"000000003")
        self.assertEqual(self.stored("pools", "text", "text/ids")[3], b"000000003")
        self.assertEqual(self.stored("pools", "image", "image/paths")[3], b"3.jpg")

    def test_refusals_name_file_row_expected_and_found(self):
        run("import", self.world, "--pool", f"audio:CLAP={self.folder / 'clap.npy'}")
        bad = self.rows["IB"].copy()
        for value, word in ((np.nan, "NaN"), (np.inf, "Inf")):
            bad[17, 5] = value
            np.save(self.folder / "bad.npy", bad)
            self.refused("--pool", f"text:IB={self.folder / 'bad.npy'}", contains=["bad.npy", "row 17", word, "column 5"])
        bad[17] = 0
        np.save(self.folder / "bad.npy", bad)
        self.refused("--pool", f"text:IB={self.folder / 'bad.npy'}", contains=["bad.npy", "row 17", "zeros"])
        np.save(self.folder / "short.npy", self.rows["CLAP"][:39])
        self.refused("--pool", f"text:IB={self.folder / 'ib.npy'}", "--pool", f"text:CLAP={self.folder / 'short.npy'}",
                     contains=["short.npy", "40", "39", "same item"])
        self.refused("--pool", f"text:CLAP={self.folder / 'ib.npy'}", contains=["expected width 8", "found 16"])
        (self.folder / "ids.csv").write_text("id\n" + "\n".join(["same", "same"] + [str(i) for i in range(38)]) + "\n")
        self.refused("--pool", f"text:IB={self.folder / 'ib.npy'}", "--ids", f"text={self.folder / 'ids.csv'}#id",
                     contains=["'same' is given twice", "rows 0 and 1"])
        (self.folder / "labels.csv").write_text("label\n" + "\n".join(["0"] * 39 + ["7"]) + "\n")
        np.save(self.folder / "classes.npy", unit_rows(4, 8, 3))
        self.refused("--set", f"c:classification:audio:CLAP={self.folder / 'clap.npy'}", "--set",
                     f"c:classification:text:CLAP={self.folder / 'classes.npy'}", "--labels", f"c={self.folder / 'labels.csv'}#label",
                     contains=["item 39", "below 4", "'7'"])
        np.save(self.folder / "flat.npy", np.zeros(9, np.float32))
        self.refused("--pool", f"text:IB={self.folder / 'flat.npy'}", contains="flat.npy")
        np.save(self.folder / "text.npy", np.array([["a", "b"]]))
        self.refused("--pool", f"text:IB={self.folder / 'text.npy'}", contains="text.npy")
        self.refused("--manifest", self.manifest({"format": "molspace-import", "pols": []}), contains=["pols", "pools"])
        self.refused("--pool", f"text:IB={self.folder / 'absent.npy'}", contains="absent.npy")

    def test_a_refused_import_makes_no_workspace(self):
        self.refused("--pool", f"text:IB={self.folder / 'absent.npy'}")
        np.save(self.folder / "bad.npy", np.full((30, 4), np.nan, np.float32))
        self.refused("--pool", f"text:IB={self.folder / 'bad.npy'}")
        self.assertFalse(self.world.exists())

    def test_names_cannot_leave_the_workspace(self):
        for name in ("../evil", "a/b", "..", ".", "x\ty"):
            self.refused("--manifest", self.manifest({"pools": [{"name": name, "modality": "text", "spaces": {"IB": "ib.npy"}}]}),
                         contains="name")
            self.refused("--manifest", self.manifest({"pools": [{"name": "a", "modality": "text", "spaces": {name: "ib.npy"}}]}))

    def test_readers_while_another_reads_and_one_writer(self):
        run("import", self.world, "--pool", f"audio:CLAP={self.folder / 'clap.npy'}")
        with h5py.File(self.world / "workspace.h5") as reader:
            self.assertEqual(reader["pools/audio/audio/embeddings/CLAP"].shape, (40, 8))
            run("inspect", self.world)
            with open(self.world / ".lock", "a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                run("inspect", self.world)
                self.refused("--pool", f"text:IB={self.folder / 'ib.npy'}", contains="writ")
            run("import", self.world, "--pool", f"text:IB={self.folder / 'ib.npy'}")

    def test_an_import_that_cannot_fit_is_refused_with_figures(self):
        header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 29, 4096)}
        with open(self.folder / "huge.npy", "wb") as f:
            np.lib.format.write_array_header_1_0(f, header)
            f.truncate(f.tell() + (1 << 29) * 4096 * 4)  # sparse: no disk is used
        said = run("import", self.world, "--pool", f"text:BIG={self.folder / 'huge.npy'}", code=1).stderr
        self.assertFalse(self.world.exists())
        if "cannot map" in said:
            self.skipTest("this build has no room in its address space for 8 TiB")
        self.assertRegex(said, r"[0-9.]+ TiB")
        self.assertRegex(said, r"free|there")


@needs_real_data
class RealData(FolderTest):
    """The figures that the publishers of these embeddings report, to the printed digit."""

    def setUp(self):
        super().setUp()
        self.world = self.folder / "world"

    def figures(self, space, name):
        answer = run_json("evaluate", "--workspace", self.world, "--space", space, "--sets", name)
        return {key: f"{value:.2f}" for key, value in answer["sets"][0]["metrics"].items()}

    def test_esc50(self):
        run("import", self.world, "--manifest", self.manifest({
            "format": "molspace-import", "root": str(REAL / "esc50-clap"),
            "sets": [{"name": "ESC-50", "kind": "classification", "labels": "metadata.csv#class_name", "classes_from_items": True,
                      "prompt": "This is a sound of {}.",
                      "first": {"modality": "audio", "ids": "metadata.csv#audio_filename", "spaces": {"CLAP": "audio_embeddings.npy"}},
                      "second": {"modality": "text", "spaces": {"CLAP": "text_embeddings.npy"}}},
                     {"name": "prompt to audio", "kind": "retrieval",
                      "positives": {"match": {"first": "metadata.csv#class_name", "second": {"file": "metadata.csv", "column": "class_name"}}},
                      "first": {"modality": "text", "spaces": {"CLAP": "text_embeddings.npy"}},
                      "second": {"modality": "audio", "spaces": {"CLAP": "audio_embeddings.npy"}}}]}))
        figures = self.figures("CLAP", "ESC-50")
        self.assertEqual((figures["top-1"], figures["top-5"]), ("91.50", "99.35"))
        self.assertEqual((figures["R@1 text→audio"], figures["R@5 text→audio"]), ("96.00", "98.00"))
        # 2000 prompts, 40 alike of each class: the same figures
        retrieval = self.figures("CLAP", "prompt to audio")
        self.assertEqual((retrieval["R@1 text→audio"], retrieval["R@5 text→audio"]), ("96.00", "98.00"))

    def test_coco_500(self):
        features = REAL / "coco500-clip" / "features.npy"
        run("import", self.world, "--set", f"COCO-500:retrieval:image:CLIP={features}#0", "--set", f"COCO-500:retrieval:text:CLIP={features}#1")
        f = self.figures("CLIP", "COCO-500")
        self.assertEqual([f[f"R@{k} image→text"] for k in (1, 5, 10)], ["55.20", "80.80", "89.20"])
        self.assertEqual([f[f"R@{k} text→image"] for k in (1, 5, 10)], ["50.60", "76.40", "86.20"])

    def test_class_names_come_in_as_half_floats_that_are_not_unit_length(self):
        folder = REAL / "class-names-clip"
        run("import", self.world, "--pool", f"text:CLIP={folder / 'lvis_v1_clip_a+cname.npy'}")
        found = run_json("inspect", self.world)
        self.assertEqual(found["pools"][0]["tables"][0]["rows"], 1203)
        self.assertTrue(any("not all of unit length" in w for w in found["warnings"]))


if __name__ == "__main__":
    unittest.main()
