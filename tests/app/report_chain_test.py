# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper's report: what it measures, what it shares, that it goes on where it was stopped, and the guide's page of it."""
import csv
import html.parser
import json
import os
import re
import shlex
import signal
import time
import unittest

from support import REAL, SOURCE, FolderTest, contents, needs_reactor, needs_real_data, run, run_json, start

import numpy as np

QUICK = ["--hidden-width", 32, "--batch-size", 64, "--epochs", 2]
PUBLISHED = json.loads((SOURCE / "resources" / "published" / "figures.json").read_text())["figures"]


def figures(report):
    """(table, group, row, figure) -> the figure."""
    return {(t["table"], r["group"], r["row"], f["figure"]): f for t in report["tables"] for r in t["rows"] for f in r["figures"]}


def steady(report):
    """Without what differs between two runs of the same."""
    out = dict(report)
    for key in ("created", "seconds", "training_seconds", "output", "reactions", "device"):
        out.pop(key, None)
    return out


class Page(html.parser.HTMLParser):
    """What a browser would fetch, and the text of all."""

    def __init__(self, text):
        super().__init__()
        self.fetched, self.scripts, self.words = [], 0, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        for name, value in attributes:
            if name in ("src", "href", "xlink:href") and not (value or "").startswith("#"):
                self.fetched.append(value)

    def handle_data(self, data):
        self.words.append(data)


class Reports(FolderTest):
    def setUp(self):
        super().setUp()
        self.world = self.folder / "world"

    def report(self, *words, **options):
        return run_json("report", self.world, *QUICK, "-o", self.folder / "report", *words, **options)

    def evaluated(self, *words):
        return {s["set"]: s["metrics"] for s in run_json("evaluate", "--workspace", self.world, *words)["sets"]}

    def run_the_guide(self):
        """The commands of the guide's page; the last makes the whole report."""
        page = (SOURCE / "resources" / "guide" / "reproduce.md").read_text()
        commands = [shlex.split(c)[1:] for c in re.findall(r"^    (molspace .*)$", page, re.MULTILINE)]
        self.assertGreaterEqual(len(commands), 8)
        smaller = {"paper-eval": "tiny", "5000": "300", "512": "16", "256": "64", "4": "1", "0,1,2": "0"}
        for command in [c for c in commands if "paper-sized" in c]:
            commands.remove(command)
            run(*(smaller.get(word, word) for word in command), "-q", cwd=self.folder)
        self.assertEqual(commands[0], ["synth", "world", "--preset", "tiny"])
        self.assertEqual(commands[-1], ["report", "world", *map(str, QUICK), "--seeds", "0,1", "-o", "report"])
        for command in commands[:-1]:
            run(*command, "-q", cwd=self.folder)
        answer = run_json(*commands[-1], cwd=self.folder)
        # One seed tells nothing of others: no spread, not one of 0.
        for surface in json.loads((self.folder / "figure6" / "report.json").read_text())["surfaces"]:
            for group in surface["groups"]:
                self.assertEqual(set(group["standard_deviation"]), {None})
        for name in re.findall(r"`(\S+/(?:report\.\w+|\w+\.csv))`", page):
            self.assertTrue((self.folder / name).exists(), name)
        return answer

    @needs_reactor
    def test_every_row_that_the_program_has_is_filled_and_is_what_evaluate_says(self):
        answer = self.run_the_guide()
        found = figures(answer)
        # All published figures with their places, none of them measured.
        for p in PUBLISHED:
            f = found[p["table"], p["row_group"], p["row"], f"{p['column']} {p['metric']}"]
            self.assertEqual(f["published"], p["value"])
            if p["value"] is None:
                self.assertIsNone(f["measured"])
            else:
                self.assertIsNotNone(f["measured"], p)
        self.assertEqual((answer["figures_measured"], answer["figures_published"]), (348, 348))
        # Spaces have one value, products one for each seed; mean and spread are those of the values.
        for (table, group, row, name), f in found.items():
            if f["measured"] is None:
                continue
            values = f["measured"]["by_seed"]
            self.assertAlmostEqual(f["measured"]["mean"], np.mean(values), places=9)
            if len(values) > 1:
                self.assertAlmostEqual(f["measured"]["standard_deviation"], np.std(values, ddof=1), places=9)
        enhanced, experts = "Enhanced Unified Space", "Pre-trained Expert Space"
        clap = self.evaluated("--space", "CLAP_g")
        self.assertEqual(found[4, experts, "CLAP_g", "AudioCaps R@1"]["measured"]["by_seed"], [clap["AudioCaps"]["R@1"]])
        self.assertEqual(found[3, experts, "CLAP_g", "ESC-50 Acc"]["measured"]["by_seed"], [clap["ESC-50"]["top-1"]])
        work = self.world / "report-work" / "products"
        folders = {f.name.rsplit("-", 1)[0]: f for f in work.iterdir()}
        for seed in (0, 1):
            at = self.evaluated("--product", folders["ImageBind++"] / f"seed-{seed}", "--setting", "AT Expertise")
            self.assertEqual(found[4, enhanced, "ImageBind++(AT E.)", "Clotho R@5"]["measured"]["by_seed"][seed], at["Clotho"]["R@5"])
            self.assertEqual(found[3, enhanced, "ImageBind++(AT E.)", "AudioSet mAP"]["measured"]["by_seed"][seed], at["AudioSet"]["mAP"])
            off = self.evaluated("--product", folders["ImageBind++"] / f"seed-{seed}", "--setting", "Versatile", "--set", "CLAP_m=off")
            self.assertEqual(found[7, "", "+Cr(CLAP_g)", "AudioCaps R@1"]["measured"]["by_seed"][seed], off["AudioCaps"]["R@1"])
        # A single projector is the product of a recipe that has it alone active.
        recipe = json.loads((SOURCE / "resources" / "recipes" / "InternVL_IB.json").read_text())
        recipe["name"] = "single"
        recipe["route"][0]["experts"] = [{"space": "InternVL", "projectors": ["TA"]}]
        run("train", self.world, "--recipe", self.manifest(recipe), "--product", self.folder / "single", *QUICK, "-q")
        single = self.evaluated("--product", self.folder / "single")
        self.assertEqual(found[8, "", "ψ_AT", "VGG-SS R@1"]["measured"]["by_seed"][0], single["VGG-SS"]["R@1"])
        self.assertNotEqual(found[8, "", "ψ_AT", "VGG-SS R@1"], found[8, "", "Ψ", "VGG-SS R@1"])
        # C-MCR's and Ex-MCR's pipelines: one projector, and all of them beside it.
        seven = found[9, "Displacement Reaction: IB + Dr(InternVL)", "C-MCR, seven projectors", "VGG-SS R@1"]
        self.assertIsNone(seven["published"])
        at = self.evaluated("--product", folders["InternVL_IB by C-MCR"] / "seed-1")
        self.assertEqual(seven["measured"]["by_seed"][1], at["VGG-SS"]["R@1"])
        # A route shares what it has in common with others, and alone trains the very same.
        pairs = [(folders["Only_Para"] / "seed-0/reactions/2-CLAP_g/T.safetensors", folders["ImageBind++"] / "seed-0/reactions/1-CLAP_g/T.safetensors"),
                 (folders["Only_Seq"] / "seed-1/reactions/1-InternVL/TVA.safetensors", folders["InternVL_IB"] / "seed-1/reactions/1-InternVL/TVA.safetensors")]
        pairs.append((folders["InternVL_IB†++"] / "seed-0/reactions/2-tuning/audio.safetensors",
                      folders["InternVL_IB†"] / "seed-0/reactions/2-tuning/audio.safetensors"))
        for a, b in pairs:
            self.assertTrue(a.samefile(b))
        run("train", self.world, "--recipe", "Only_Para", "--product", self.folder / "alone", *QUICK, "-q")
        alone = self.evaluated("--product", self.folder / "alone", "--setting", "Versatile")
        for name in ("AudioCaps", "VGG-SS", "COCO"):
            self.assertEqual(found[6, "", "Only Para.", f"{name} R@1"]["measured"]["by_seed"][0], alone[name]["R@1"])
        # Where the tuning on embeddings stands in for that of the encoder, each row says so.
        tuned = [r for t in answer["tables"] for r in t["rows"] if "†" in r["row"] or r["row"] == "Seq.&Para."]
        self.assertGreaterEqual(len(tuned), 7)
        for row in tuned:
            self.assertIn("stands in for the tuned audio encoder", row["note"])
        # Surfaces: the sweep's.
        surface = next(s for s in answer["surfaces"] if s["figure"] == 5)
        run("sweep", "--product", folders["ImageBind++"] / "seed-0", "--axis", "sigma_a=0:1:0.1", "--axis", "sigma_t=0:1:0.1", "-o",
            self.folder / "sweep.json", "-q")
        run("sweep", "--product", folders["ImageBind++"] / "seed-1", "--axis", "sigma_a=0:1:0.1", "--axis", "sigma_t=0:1:0.1", "-o",
            self.folder / "sweep1.json", "-q")
        for name in ("AT", "AV", "TV"):
            swept = [next(g["change"] for g in json.loads((self.folder / n).read_text())["groups"] if g["name"] == name)
                     for n in ("sweep.json", "sweep1.json")]
            mine = next(g["change"] for g in surface["groups"] if g["name"] == name)
            np.testing.assert_allclose(np.array(mine), np.mean(swept, axis=0).ravel(), atol=1e-9)
        # Claims: each with a verdict of its comparisons.
        self.assertEqual(sum(answer["verdicts"].values()), len(answer["claims"]))
        self.assertGreater(answer["verdicts"]["holds"] + answer["verdicts"]["fails"] + answer["verdicts"]["undecided"], 20)
        for claim in answer["claims"]:
            verdicts = {c["verdict"] for c in claim["comparisons"]} - {"not measured"}
            expected = next((v for v in ("fails", "undecided", "holds") if v in verdicts), "not measured")
            self.assertEqual(claim["verdict"], expected)
        self.check_files(answer)
        # Nothing is done twice; the same report comes out.
        before = contents(work)
        again = self.report("--seeds", "0,1")
        self.assertEqual(steady(again), steady(answer))
        self.assertEqual(contents(work), before)
        # Fewer seeds are part of what is there; another option trains its own.
        self.assertEqual(figures(self.report("--seeds", "1"))[4, enhanced, "ImageBind++(Ver.)", "COCO R@1"]["measured"]["by_seed"],
                         found[4, enhanced, "ImageBind++(Ver.)", "COCO R@1"]["measured"]["by_seed"][1:])
        plan = run_json("report", self.world, "--plan", "--hidden-width", 16, "--tables", 7)
        self.assertEqual(plan["figures_measured"], 4)  # ImageBind itself
        self.assertEqual(plan["products"], ["ImageBind++ (CLAP_g, CLAP_m)"])
        # What there is to train, each projector once, and nothing where all is there.
        self.assertEqual([(t["product"], t["seed"], len(t["projectors"])) for t in plan["to_train"]], [("ImageBind++", s, 14) for s in (0, 1, 2)])
        self.assertEqual(plan["recipes"]["ImageBind++"]["route"][0]["options"]["hidden_width"], 16)
        self.assertNotIn("to_train", self.report("--seeds", "0,1", "--plan"))
        self.assertEqual(contents(work), before)

    def check_files(self, answer):
        folder = self.folder / "report"
        page = Page((folder / "report.html").read_text())
        self.assertEqual((page.fetched, page.scripts), ([], 0))
        words = " ".join(page.words)
        self.assertIn("synthetic world", words)
        for p in PUBLISHED:
            self.assertIn(p["text"].replace("-", "–") if p["value"] is None else p["text"], words)
        rows = list(csv.DictReader(line for line in (folder / "tables.csv").read_text().splitlines() if not line.startswith("#")))
        self.assertEqual(len([r for r in rows if r["published"]]), len(PUBLISHED))
        for r, p in zip(rows[:3], PUBLISHED):
            self.assertEqual((r["row"], r["published"]), (p["row"], p["text"]))
        points = list(csv.DictReader(line for line in (folder / "surfaces.csv").read_text().splitlines() if not line.startswith("#")))
        self.assertEqual(len([p for p in points if p["figure"] == "6"]), 3 * 121)
        claims = list(csv.DictReader(line for line in (folder / "claims.csv").read_text().splitlines() if not line.startswith("#")))
        self.assertEqual(len(claims), sum(len(c["comparisons"]) for c in answer["claims"]))
        self.assertIn("## Table 9", (folder / "report.md").read_text())
        latex = (folder / "report.tex").read_text()
        self.assertEqual(latex.count("\\begin{"), latex.count("\\end{"))
        stored = json.loads((folder / "report.json").read_text())
        self.assertEqual(steady(stored), steady(answer))

    @needs_reactor
    def test_what_is_stopped_goes_on(self):
        run("synth", self.world, "--preset", "tiny", "-q")
        words = ["report", self.world, *QUICK, "--tables", "5,7", "--seeds", "0,1", "-q"]
        whole = run_json(*words, "--work", self.folder / "whole", "-o", self.folder / "a")
        trained = self.folder / "work" / "reactions"
        process = start(*words, "--work", self.folder / "work", "-o", self.folder / "b")
        while not (trained.exists() and any(trained.iterdir())) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(120), (0, 130))
        ready = {p: p.stat().st_mtime_ns for p in trained.rglob("*.safetensors")}
        self.assertTrue(ready)
        after = run_json(*words, "--work", self.folder / "work", "-o", self.folder / "b")
        self.assertEqual(steady(after), steady(whole))
        for path, when in ready.items():  # what was trained was not trained again
            self.assertEqual(path.stat().st_mtime_ns, when)
        # What was measured can be lost: it is measured again, nothing is trained.
        for path in (self.folder / "work" / "measured").iterdir():
            path.write_text("{")
        self.assertEqual(steady(run_json(*words, "--work", self.folder / "work", "-o", self.folder / "b")), steady(whole))
        for path, when in ready.items():
            self.assertEqual(path.stat().st_mtime_ns, when)

    def test_mistakes_are_said_before_anything_is_trained(self):
        run("synth", self.world, "--preset", "tiny", "-q")
        before = contents(self.world)
        run("report", self.world, "--plan")
        self.assertEqual(contents(self.world), before)
        for words, code, said in ((("--grid", 0.3), 1, "divides 1"), (("--seeds", "0,0"), 1, "each once"), (("--tables", 12), 2, "12"),
                                  (("--names", "CLAP_g=CLAP_q"), 1, "did you mean"), (("--epochs", "x"), 2, "epochs")):
            self.assertIn(said, run("report", self.world, "-o", self.folder / "r", *words, code=code).stderr, words)
        (self.folder / "r").mkdir()
        (self.folder / "r" / "mine.txt").write_text("mine")
        self.assertIn("mine.txt", run("report", self.world, "--tables", 3, "--figures", "none", *QUICK, "-o", self.folder / "r", code=1).stderr)
        self.assertEqual((self.folder / "r" / "mine.txt").read_text(), "mine")
        self.assertEqual(contents(self.world), before)

    @needs_real_data
    def test_real_embeddings_fill_the_rows_that_they_can(self):
        esc, coco = REAL / "esc50-clap", REAL / "coco500-clip" / "features.npy"
        run("import", self.world, "--manifest", self.manifest({
            "format": "molspace-import", "root": str(esc),
            "sets": [{"name": "ESC-50", "kind": "classification", "labels": "metadata.csv#class_name", "classes_from_items": True,
                      "prompt": "This is a sound of {}.",
                      "first": {"modality": "audio", "ids": "metadata.csv#audio_filename", "spaces": {"CLAP": "audio_embeddings.npy"}},
                      "second": {"modality": "text", "spaces": {"CLAP": "text_embeddings.npy"}}}]}))
        run("import", self.world, "--set", f"COCO-500:retrieval:image:CLIP_B16={coco}#0", "--set", f"COCO-500:retrieval:text:CLIP_B16={coco}#1")
        answer = run_json("report", self.world, "--names", "CLAP_g=CLAP,COCO=COCO-500", "-o", self.folder / "report")
        found = figures(answer)
        filled = {key for key, f in found.items() if f["measured"]}
        experts, others = "Pre-trained Expert Space", "Other spaces of this workspace"
        self.assertEqual(filled, {(3, experts, "CLAP_g", "ESC-50 Acc"), (4, others, "CLIP_B16", "COCO R@1"), (4, others, "CLIP_B16", "COCO R@5")})
        self.assertAlmostEqual(found[3, experts, "CLAP_g", "ESC-50 Acc"]["measured"]["mean"], 91.5, places=9)
        self.assertAlmostEqual(found[4, others, "CLIP_B16", "COCO R@1"]["measured"]["mean"], (55.2 + 50.6) / 2, places=9)
        for key, f in found.items():
            if f["measured"] is None and f["published"] is not None:
                self.assertRegex(f["missing"], r"^(needs .*|spaces? .* (is|are) missing|set .* (is missing|has no rows of .*))", key)
        self.assertEqual(found[3, experts, "InternVL", "ImageNet Acc"]["missing"], "space InternVL is missing")
        self.assertEqual(found[4, experts, "CLAP_g", "Clotho R@1"]["missing"], "set Clotho is missing")
        self.assertFalse(answer["synthetic"])
        self.assertNotIn("synthetic", (self.folder / "report" / "report.html").read_text())
        self.assertEqual({s["set"]: (s["items"], s["published_items"]) for s in answer["sets"]}, {"ESC-50": (2000, 400), "COCO": (500, 5000)})


if __name__ == "__main__":
    unittest.main()
