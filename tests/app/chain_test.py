# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole chain on a synthetic world: train, evaluate, sweep, export, verify, apply."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from support import DEEP, FolderTest, contents, needs_reactor, run, run_json

import h5py
import numpy as np

QUICK = ["--hidden-width", 32, "--batch-size", 64, "--epochs", 2]


def table(answer):
    return {s["set"]: s["metrics"] for s in answer["sets"]}


@needs_reactor
class Chain(FolderTest):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="molspace-test-")
        cls.addClassCleanup(holder.cleanup)
        cls.world = pathlib.Path(holder.name) / "world"
        cls.once = pathlib.Path(holder.name) / "trained"
        run("synth", cls.world, "--preset", "tiny", "-q")

    def setUp(self):
        super().setUp()
        self.product, self.package = (self.folder / n for n in ("product", "package"))

    def have_product(self):
        """ImageBind++ as train() makes it, trained once for all tests."""
        if not self.once.exists():
            self.train("-q", product=self.once)
        shutil.copytree(self.once, self.product)

    def train(self, *words, recipe="ImageBind++", product=None, **options):
        return run("train", self.world, "--recipe", recipe, "--product", product or self.product, *QUICK, *words, **options)

    def test_every_shipped_recipe_goes_the_whole_way(self):
        for recipe in ("ImageBind++", "InternVL_IB", "InternVL_IB++"):
            product, package = self.folder / recipe, self.folder / f"{recipe} package"
            self.train("-q", recipe=recipe, product=product)
            figures = table(run_json("evaluate", "--product", product))
            self.assertEqual(figures, table(run_json("evaluate", "--product", product, "--reference")))
            run("sweep", "--product", product, "-o", self.folder / f"{recipe}.csv")
            if recipe == "InternVL_IB++":
                self.the_grid_of_all_four_says_what_evaluate_says(product)
            run("export", product, package, "--freebind")
            run("verify", package)
            proof = subprocess.run([sys.executable, package / "apply.py", "--verify"], capture_output=True, text=True)
            self.assertEqual(proof.returncode, 0, proof.stderr)
            self.assertEqual(figures, table(json.loads((package / "metrics.json").read_text())))

    def the_grid_of_all_four_says_what_evaluate_says(self, product):
        names = ("sigma_a", "sigma_t", "lambda_v", "lambda_t")
        words = ["sweep", "--product", product, *[w for name in names for w in ("--axis", f"{name}=0:1:0.5")]]
        grid = run_json(*words, "-o", self.folder / "grid.csv")
        self.assertEqual(grid["points"], 3**4)
        node = dict(zip(names, (0, 0.5, 1, 0)))
        point = table(run_json("evaluate", "--product", product, *[w for n, v in node.items() for w in ("--set", f"{n}={v}")]))
        for s in grid["sets"]:
            self.assertEqual(s["metrics"]["R@1"][0][1][2][0], point[s["set"]]["R@1"])
        lines = [line for line in (self.folder / "grid.csv").read_text().splitlines() if not line.startswith("#")]
        self.assertEqual(len(lines), 1 + 3**4)
        self.assertTrue(lines[0].startswith(",".join(names) + ","))
        self.assertIn("lambda_t=", run(*words).stdout)
        words = ["sweep", "--product", product, *[w for name in names for w in ("--axis", f"{name}=0:1:0.02")]]
        self.assertIn("at most 1000000 points, found 6765201", run(*words, code=1).stderr)

    def test_the_projectors_and_objectives_of_the_baselines_go_the_whole_way(self):
        for recipe in ("InternVL_IB by Ex-MCR", "IB_Cr_InternVL by C-MCR"):
            product, package = self.folder / recipe, self.folder / f"{recipe} package"
            self.train("-q", "--projectors", "T,TVA", recipe=recipe, product=product)
            record = json.loads((product / "product.json").read_text())
            self.assertEqual(record["recipe"]["route"][0]["options"]["objective"], recipe.split()[-1].lower())
            figures = table(run_json("evaluate", "--product", product))
            self.assertEqual(figures, table(run_json("evaluate", "--product", product, "--reference")))
            run("export", product, package)
            run("verify", package)
            proof = subprocess.run([sys.executable, package / "apply.py", "--verify"], capture_output=True, text=True)
            self.assertEqual(proof.returncode, 0, proof.stderr)
            # Again, as one that was stopped goes on: nothing changes.
            before = contents(product)
            self.train("-q", "--projectors", "T,TVA", recipe=recipe, product=product)
            self.assertEqual(contents(product), before)

    def test_learned_routing_stands_beside_the_factors(self):
        self.have_product()
        learn = ["--examples", 300, "--batch-size", 64, "--epochs", 2]
        # A set that is not there is found out before anything is learned.
        self.assertIn("Clothos", run("router", "--product", self.product, *learn, "--sets", "Clothos", code=1).stderr)
        self.assertFalse((self.product / "routers").exists())
        answer = run_json("router", "--product", self.product, *learn)
        self.assertTrue(answer["synthetic"])
        figures = table(run_json("evaluate", "--product", self.product))
        for s in answer["sets"]:
            self.assertEqual(s["by_hand"]["metrics"], figures[s["set"]])
            for side in (s["first"], s["second"]):
                self.assertAlmostEqual(sum(w["mean"] for w in side["weights"].values()), 1, places=5)
                self.assertAlmostEqual(sum(w["by_hand"] for w in side["weights"].values()), 1, places=12)
            if s["first"]["modality"] == "audio":
                self.assertEqual(set(s["first"]["weights"]), {"ImageBind", "CLAP_g", "CLAP_m"})
        self.assertEqual(len(answer["training"]["losses"]), 2)
        # It is there now, and gives the same figures; options are for a new one.
        again = run_json("router", "--product", self.product)
        self.assertEqual(again["sets"], answer["sets"])
        refused = run("router", "--product", self.product, *learn, code=1)
        self.assertIn("--again", refused.stderr)
        run("router", "--product", self.product, *learn, "--again", "--seed", 3, "-q")
        # Beside another setting; not beside one that moves projectors.
        other = run_json("router", "--product", self.product, "--sets", "Clotho", "--setting", "AT Expertise")
        self.assertEqual([s["set"] for s in other["sets"]], ["Clotho"])
        self.assertIn("0.8", other["by_hand"])
        hand = {space: w["by_hand"] for space, w in other["sets"][0]["first"]["weights"].items()}
        for space, share in {"ImageBind": 0.2, "CLAP_g": 0.4, "CLAP_m": 0.4}.items():
            self.assertAlmostEqual(hand[space], share, places=12)
        # Another training makes it worthless.
        self.train("-q", "--more-epochs", 1)
        self.assertIn("other projectors", run("router", "--product", self.product, code=1).stderr)

    def test_a_sweep_says_what_evaluate_says(self):
        self.have_product()
        words = ["sweep", "--product", self.product, "--axis", "sigma_a=0:1:0.5", "--axis", "sigma_t=0:1:0.25"]
        for ending in ("csv", "json", "h5"):
            run(*words, "-o", self.folder / f"s.{ending}")
        swept = json.loads((self.folder / "s.json").read_text())
        base = table(run_json("evaluate", "--workspace", self.world, "--space", "ImageBind"))
        point = table(run_json("evaluate", "--product", self.product, "--set", "sigma_a=0.5", "--set", "sigma_t=0.25"))
        for s in swept["sets"]:
            self.assertEqual(s["metrics"]["R@1"][1][1], point[s["set"]]["R@1"])
            self.assertEqual(s["baseline"]["R@1"], base[s["set"]]["R@1"])
        at = next(g for g in swept["groups"] if g["name"] == "AT")
        mean = np.mean([point[name]["R@1"] - base[name]["R@1"] for name in at["sets"]])
        self.assertAlmostEqual(at["change"][1][1], mean, places=9)
        self.assertTrue(swept["synthetic"])
        with h5py.File(self.folder / "s.h5") as f:
            np.testing.assert_allclose(f["groups/AT"][:], np.array(at["change"]), rtol=0, atol=0)
        lines = [line for line in (self.folder / "s.csv").read_text().splitlines() if not line.startswith("#")]
        self.assertEqual(len(lines), 1 + 3 * 5)
        # How sure the best is, as tuning tells it.
        sure = at["best_how_sure"]
        self.assertEqual(sure["points"], 15)
        self.assertIn(sure["tied_with_best"], range(1, 16))
        self.assertIn(f"{sure['tied_with_best']} of 15 points tie with it; chosen on half of the items", run(*words).stdout)
        self.assertIn("needs landscapes", run(*words[:3], "--axis", "sigma_a=0:1:1", "--reference").stdout)
        self.assertIn("synthetic", (self.folder / "s.csv").read_text())

    def test_a_baseline_may_be_the_product_itself_at_a_setting(self):
        self.have_product()
        words = ["--product", self.product, "--sets", "AudioCaps,Clotho,COCO,Flickr30K"]
        for flags in (["--setting", "AT Expertise"], ["--set", "sigma_a=0.3", "--set", "CLAP_m=off"],
                      ["--setting", "AT Expertise", "--set", "sigma_t=0.2"]):
            there = table(run_json("evaluate", *words, *flags))
            against = [w.replace("--", "--baseline-") for w in flags]
            for s in run_json("sweep", *words, *against, "--axis", "sigma_a=0:1:1")["sets"]:
                self.assertEqual(s["baseline"]["R@1"], there[s["set"]]["R@1"])
        tuned = run_json("tune", *words, *against, "--maximize", "AT", "--factors", "sigma_t", "--step", 0.5)
        for group in tuned["groups"]:
            self.assertAlmostEqual(group["baseline"], np.mean([there[name]["R@1"] for name in group["sets"]]), places=9)

    def test_tuning_says_what_evaluate_says_and_keeps_its_constraints(self):
        self.have_product()
        words = ["--product", self.product, "--maximize", "AT", "--at-least", "TV=-2", "--step", "0.05", "--sets",
                 "AudioCaps,Clotho,COCO,Flickr30K"]
        run("tune", *words, "-o", self.folder / "best.json")
        tuned = json.loads((self.folder / "best.json").read_text())
        best = tuned["best"]
        base = table(run_json("evaluate", "--workspace", self.world, "--space", "ImageBind"))
        setting = [w for name, value in best["factors"].items() for w in ("--set", f"{name}={value}")]
        point = table(run_json("evaluate", "--product", self.product, *setting))
        for group in tuned["groups"]:
            mean = np.mean([point[name]["R@1"] - base[name]["R@1"] for name in group["sets"]])
            self.assertAlmostEqual(best["change"][group["name"]], mean, places=9)
        self.assertEqual(tuned["feasible"], best["change"]["TV"] >= -2 - 1e-9)
        self.assertGreaterEqual(best["objective"] if tuned["feasible"] else 1e9, tuned["start"]["objective"]
                                if tuned["start"]["violation"] == 0 else -1e9)
        self.assertTrue(tuned["synthetic"])
        sure = tuned["confidence"]["against_start"]
        self.assertAlmostEqual(sure["difference"], best["change"]["AT"] - tuned["start"]["change"]["AT"], places=4)
        self.assertLessEqual(sure["low"], sure["high"])
        # What was won and lost adds up to what the figures say.
        start = run_json("evaluate", "--product", self.product,
                         *[w for name, value in tuned["start"]["factors"].items() for w in ("--set", f"{name}={value}")])
        for moved in sure["queries"]:
            directions = next(s for s in start["sets"] if s["set"] == moved["set"])["directions"]
            change = sum((point[moved["set"]][f"R@1 {d['name']}"] - d["R@1"]) / 100 * d["queries"] for d in directions)
            self.assertAlmostEqual(moved["gained"] - moved["lost"], change, places=3)
        self.assertIs(sure["corrected_for_search"], False)
        self.assertIn("divides 1", run("tune", "--product", self.product, "--maximize", "AT", "--step", 0.3, code=1).stderr)
        # Where it begins is a point like any other, also between places of the lattice.
        between = run_json("tune", "--product", self.product, "--maximize", "AT", "--step", "0.25", "--set", "sigma_a=0.83")
        self.assertEqual(between["start"]["factors"]["sigma_a"], 0.83)
        self.assertGreaterEqual(between["best"]["objective"], between["start"]["objective"])
        # By brute force the same; from what is kept on disk the same.
        slow = run_json("tune", *words, "--reference", "--factors", "sigma_t")
        quick = run_json("tune", *words, "--factors", "sigma_t")
        self.assertEqual(slow["best"], quick["best"])
        self.assertEqual(slow["front"], quick["front"])
        # Without room for landscapes too, though not how sure it is.
        shutil.rmtree(self.product / "landscapes")
        small = run("tune", *words, "--factors", "sigma_t", "--memory-gib", "0.001", "--sample-queries", "no", "--json")
        self.assertEqual(json.loads(small.stdout)["best"], quick["best"])
        self.assertIn("computed directly", small.stderr)
        run("tune", "--product", self.product, "--maximize", "AX", code=1)

    def test_without_room_for_all_queries_figures_are_estimates_and_called_so(self):
        self.have_product()
        sweep = ["sweep", "--product", self.product, "--axis", "sigma_t=0:1:0.5", "--sets", "AudioCaps,Clotho,COCO,Flickr30K"]
        whole = run_json(*sweep)
        self.assertFalse([s for s in whole["sets"] if "sample" in s["protocol"]])
        files = {path.name.split("-")[0]: path.stat().st_size for path in (self.product / "landscapes").iterdir()}
        shutil.rmtree(self.product / "landscapes")
        small = ("--memory-gib", 0.8 * sum(files.values()) / 2**30)
        answer = run(*sweep, *small, "--json")
        surface = json.loads(answer.stdout)
        sampled = {s["set"]: s["protocol"]["sample"] for s in surface["sets"] if "sample" in s["protocol"]}
        self.assertTrue(sampled, answer.stderr)
        for name, text in sampled.items():
            self.assertRegex(text, r"^sample of [0-9,]+ of [0-9,]+ queries, seed 1$")
            self.assertIn(f"{name}: figures are estimated from a {text}", answer.stderr)
            self.assertRegex(answer.stderr, f"{name}: the landscape of all queries takes about .* of memory, .* on disk")
        for group in surface["groups"]:
            self.assertEqual("best_interval" in group, bool(set(group["sets"]) & set(sampled)))
        for before, after in zip(whole["sets"], surface["sets"]):
            if before["set"] not in sampled:
                self.assertEqual(before["metrics"], after["metrics"])
        # The same sample again, from the cache; another seed draws others.
        self.assertEqual(surface, run_json(*sweep, *small))
        other = run_json(*sweep, *small, "--sample-seed", 2)
        self.assertNotEqual(surface["sets"], other["sets"])
        self.assertIn(f"estimated from a {text}", run(*sweep, *small).stdout)
        tuned = run("tune", "--product", self.product, "--maximize", "AT", "--factors", "sigma_t", *small)
        self.assertIn(f"estimated from a sample", tuned.stdout)
        run("tune", "--product", self.product, code=2)

    def test_headroom_is_no_less_than_the_best_and_says_what_it_is(self):
        self.have_product()
        words = ["tune", "--product", self.product, "--maximize", "AT", "--step", "0.1", "--headroom", "--router-splits", 3]
        answer = run_json(*words)
        room, = answer["headroom"]
        self.assertEqual(room["figure"], "AT R@1")
        self.assertTrue(room["synthetic"])
        self.assertIn("upper bounds", room["note"])
        base = {g["name"]: g["baseline"] for g in answer["groups"]}["AT"]
        for place, rates in room["rates"].items():
            self.assertLessEqual(rates["best"], rates["oracle_own_factors"], place)
            self.assertLessEqual(rates["oracle_own_factors"], rates["oracle_all_factors"], place)
        self.assertAlmostEqual(room["rates"]["R@1"]["best"] - base, answer["best"]["change"]["AT"], places=3)
        self.assertAlmostEqual(room["rates"]["R@1"]["current"] - base, answer["start"]["change"]["AT"], places=3)
        router = room["router"]
        self.assertAlmostEqual(router["gain"]["difference"], router["router"] - router["one_setting"], places=6)
        self.assertEqual(router["helps"], router["gain"]["low"] > 0)
        # By hand: every query's best along its own factor is at least what any one value gives.
        for s in room["sets"]:
            for d in s["directions"]:
                self.assertTrue(d["exact"])
                factor, = d["own_factors"]
                at = dict(answer["best"]["factors"], **{factor: 0.3})
                point = table(run_json("evaluate", "--product", self.product,
                                       *[w for name, value in at.items() for w in ("--set", f"{name}={value}")]))
                self.assertGreaterEqual(d["rates"]["R@1"]["oracle_own_factors"] + 1e-4, point[s["set"]][f"R@1 {d['name']}"])
        self.assertEqual(answer, run_json(*words, env={"OMP_NUM_THREADS": "1"}))
        text = run(*words).stdout
        self.assertIn("upper bounds", text)
        self.assertIn("one setting of the other half", text)
        self.assertIn("not told", run(*words, "--memory-gib", "0.001", "--reference").stdout)

    def test_why_accounts_for_what_evaluate_says(self):
        self.have_product()
        words = ["why", "--product", self.product, "--sets", "AudioCaps,COCO", "--explained", 3]
        answer = run_json(*words, "--from", "Versatile", "--to", "AT Expertise", "--along", "sigma_t=0.1:0.9",
                          "-o", self.folder / "why.json")
        self.assertEqual(answer, json.loads((self.folder / "why.json").read_text()))
        self.assertTrue(answer["synthetic"])
        self.assertEqual(answer["from"]["factors"]["sigma_a"], 0.5)
        before = run_json("evaluate", "--product", self.product, "--setting", "Versatile")
        after = run_json("evaluate", "--product", self.product, "--setting", "AT Expertise")
        high = run_json("evaluate", "--product", self.product, "--setting", "Versatile", "--set", "sigma_t=0.9")
        middle = run_json("evaluate", "--product", self.product, "--setting", "Versatile", "--set", "sigma_t=0.437")

        def directions(answer, name):
            return {d["name"]: d for s in answer["sets"] if s["set"] == name for d in s["directions"]}

        explained = 0
        for s in answer["sets"]:
            start, end, ends, there = (directions(a, s["set"]) for a in (before, after, high, middle))
            self.assertEqual([m["name"] for m in s["movers"]], ["sigma_a", "sigma_t"])
            for d in s["directions"]:
                change = (end[d["name"]]["R@1"] - start[d["name"]]["R@1"]) / 100 * end[d["name"]]["queries"]
                moved = sum(q["hit_after"] - q["hit_before"] for q in d["gained"] + d["lost"])
                self.assertAlmostEqual(moved, change, places=6)
                for q in d["gained"] + d["lost"]:
                    if "shares" in q:
                        explained += 1
                        self.assertAlmostEqual(sum(q["shares"].values()), q["margin_after"] - q["margin_before"], places=9)
                    self.assertNotEqual(q["hit_before"], q["hit_after"])
            # The curve along the line is exact: its ends and what lies between are what evaluate says.
            for d in s["along"]["directions"]:
                name = d["name"]
                moved = sum(f["after"] - f["before"] for f in d["flips"]) * 100 / ends[name]["queries"]
                self.assertAlmostEqual(d["values"][-1] - d["values"][0], moved, places=6)
                self.assertAlmostEqual(d["values"][-1], ends[name]["R@1"], places=6)
                piece = sum(b <= 0.437 for b in d["breaks"])
                self.assertAlmostEqual(d["values"][piece], there[name]["R@1"], places=6)
                self.assertEqual(len(d["values"]), len(d["breaks"]) + 1)
        self.assertGreater(explained, 0)
        text = run(*words, "--from", "Versatile", "--to-set", "CLAP_g=off").stdout
        self.assertIn("synthetic world", text)
        self.assertIn("gained", text)
        same = run_json(*words, "--from", "Versatile", "--to", "Versatile")
        self.assertEqual([q for s in same["sets"] for d in s["directions"] for q in d["gained"] + d["lost"]], [])
        self.assertNotIn("to", run_json(*words, "--along", "sigma_a"))
        run("why", "--product", self.product, code=2)
        self.assertIn("did you mean", run(*words, "--along", "sigma_b", code=1).stderr)
        self.assertIn("1, 5 and 10", run(*words, "--along", "sigma_a", "--place", 3, code=1).stderr)
        run(*words, "--to", "Versatil", code=1)

    maxDiff = None

    def test_same_seed_same_bits_on_any_number_of_threads(self):
        self.train("-q", "--seed", 7, "--threads", 1)
        self.train("-q", "--seed", 7, "--threads", 2, product=self.folder / "again")
        self.train("-q", "--seed", 8, product=self.folder / "other")
        logs = (".json", ".checkpoint")  # they hold times
        first = contents(self.product, skip=logs)
        self.assertTrue(any("reactions" in name for name in first))
        self.assertEqual(first, contents(self.folder / "again", skip=logs))
        self.assertNotEqual(first, contents(self.folder / "other", skip=logs))

    def test_training_again_changes_nothing_and_more_epochs_go_on(self):
        self.train("-q")
        before = contents(self.product)
        time.sleep(1.1)  # records hold the second
        self.train("-q")
        self.assertEqual(contents(self.product), before)
        self.train("-q", "--more-epochs", 2)
        after = contents(self.product)
        self.assertNotEqual(after, before)
        run("evaluate", "--product", self.product)

    def test_what_would_end_training_ends_it_before_pairs_are_made(self):
        for words, said in ((("--validation-set", "AudioCap"), "AudioCaps"), (("--validation-set", "ESC-50"), "retrieval set"),
                            (("--batch-size", 300, "--hidden-width", 4096, "--memory-gib", 0.02), "of memory, and the budget is")):
            product = self.folder / f"not {words[1]}"
            done = run("train", self.world, "--recipe", "ImageBind++", "--product", product, *words, code=1)
            self.assertIn(said, done.stderr)
            self.assertFalse((product / "pairs").exists())
            self.train("-q", product=product)  # what was refused does not bind what comes
        recipe = {"name": "x", "base": "ImageBind", "route": [{"reaction": "combination", "experts": ["CLAP_g"]}],
                  "settings": {"a": {"factors": {"sigma_z": 1}}}}
        self.assertIn("sigma_z", self.train(recipe=self.manifest(recipe), product=self.folder / "x", code=1).stderr)
        (self.folder / "manifest.json").write_text(json.dumps(recipe).replace('"sigma_z": 1', '"sigma_a": 1e400'))
        said = self.train(recipe=self.folder / "manifest.json", product=self.folder / "x", code=1).stderr
        self.assertIn("manifest.json", said)

    def test_a_refused_continuation_leaves_the_product(self):
        self.have_product()
        before = contents(self.product)
        self.train("--more-epochs", 1, "--memory-gib", 0.0001, code=1)
        self.assertEqual(contents(self.product), before)

    def test_more_epochs_are_for_a_finished_product(self):
        run("pairs", self.world, "--recipe", "ImageBind++", "--product", self.product, *QUICK, "-q")
        self.assertIn("finished product", self.train("--more-epochs", 1, code=1).stderr)
        self.train("-q")

    def test_pools_are_looked_at_before_a_run(self):
        look = ["pairs", self.world, "--recipe", "InternVL_IB++", "--quality", "--step", 2]
        plain, centred = run_json(*look), run_json(*look, "--centred", "yes")
        self.assertEqual((plain["centred"], centred["centred"]), (False, True))
        self.assertEqual({r["space"] for r in plain["retrievals"]}, {"ImageBind", "CLAP_g", "CLAP_m"})
        self.assertNotEqual(plain["retrievals"], centred["retrievals"])
        self.assertEqual(plain["gaps"], centred["gaps"])  # of the rows as they are
        self.assertTrue(any("stands in" in f["text"] for f in plain["findings"]))
        self.assertFalse((self.world / "products").exists())
        self.assertIn("from 1 to 2", run(*look[:-1], 3, code=1).stderr)
        self.train("-q", "--centred", "yes", "--projectors", "T")
        record = json.loads((self.product / "product.json").read_text())
        self.assertIs(record["recipe"]["route"][0]["options"]["centred"], True)

    def test_validation_is_logged(self):
        self.train("-q", "--projectors", "T", "--validation-set", "AudioCaps", "--select", "best")
        lines = next((self.product / "reactions").iterdir()).joinpath("T.csv").read_text().splitlines()
        self.assertEqual(lines[0], "step,epoch,loss,rate,validation")
        logged = [line.split(",")[4] for line in lines[1:] if line.split(",")[4]]
        self.assertEqual(len(logged), 2)  # once an epoch
        self.assertTrue(all(0 <= float(v) <= 100 for v in logged))

    def test_apply_equals_the_product(self):
        self.have_product()
        run("export", self.product, self.package, "--setting", "AT Expertise")
        inputs = []
        with h5py.File(self.world / "workspace.h5") as f:
            for space in ("ImageBind", "CLAP_g", "CLAP_m"):
                np.save(self.folder / f"{space}.npy", f[f"sets/AudioCaps/first/embeddings/{space}"][:] * 3)
                inputs += ["--input", f"{space}={self.folder / f'{space}.npy'}"]
        out = [self.folder / n for n in ("z.npy", "zz.npy")]
        run("apply", self.package, "--modality", "audio", *inputs, "-o", out[0])
        script = subprocess.run([sys.executable, self.package / "apply.py", "--modality", "audio", *map(str, inputs), "--output", out[1]],
                                capture_output=True, text=True)
        self.assertEqual(script.returncode, 0, script.stderr)
        z, zz = map(np.load, out)
        np.testing.assert_allclose(z, zz, atol=1e-5, rtol=0)
        np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-5)
        said = run("apply", self.package, "--modality", "audio", *inputs[:2], "-o", self.folder / "n.npy", code=1).stderr
        self.assertIn("CLAP", said)
        self.assertFalse((self.folder / "n.npy").exists())

    def test_apply_takes_what_the_workspace_has(self):
        self.have_product()
        setting = ["--set", "sigma_a=0.8"]

        def inputs(place):
            with h5py.File(self.world / "workspace.h5") as f:
                for space in ("ImageBind", "CLAP_g", "CLAP_m"):
                    np.save(self.folder / f"{space}.npy", f[f"{place}/embeddings/{space}"][:])
            return [w for space in ("ImageBind", "CLAP_g", "CLAP_m") for w in ("--input", f"{space}={self.folder / f'{space}.npy'}")]

        def applied(*words, product=self.product, ending="npy"):
            run("apply", product, *words, *setting, "-o", self.folder / f"z.{ending}")
            return self.folder / f"z.{ending}"

        pool = np.load(applied("--pool", "audio", "--ids"))
        self.assertEqual(len((self.folder / "z.npy.ids.txt").read_text().splitlines()), len(pool))
        new = ["--modality", "audio", *inputs("pools/audio/audio")]
        np.testing.assert_allclose(pool, np.load(applied(*new)), atol=1e-6, rtol=0)
        for words in (["--pool", "audio"], new):
            with h5py.File(applied(*words, ending="h5")) as f:
                np.testing.assert_allclose(pool, f["embeddings"][:], atol=1e-6, rtol=0)
                self.assertEqual("ids" in f, words[0] == "--pool")
        for side, place, modality in (("first", "sets/AudioCaps/first", "audio"), ("second", "sets/AudioCaps/second", "text")):
            rows = np.load(applied("--evaluation-set", "AudioCaps", "--side", side))
            new = np.load(applied("--modality", modality, *inputs(place)))
            np.testing.assert_allclose(rows, new, atol=1e-6, rtol=0)
        run("export", self.product, self.package, *setting, "--no-metrics")
        np.testing.assert_allclose(pool, np.load(applied("--pool", "audio", "--workspace", self.world, product=self.package)), atol=1e-6, rtol=0)
        self.assertIn("--workspace", run("apply", self.package, "--pool", "audio", "-o", self.folder / "z.npy", code=1).stderr)
        for words in ([], ["--pool", "audio", "--evaluation-set", "AudioCaps"], ["--pool", "audio", "--side", "first"],
                      ["--input", "ImageBind=z.npy"], ["--evaluation-set", "AudioCaps", "--side", "third"]):
            run("apply", self.product, *words, "-o", self.folder / "z.npy", code=2)

    def test_projectors_are_switched_at_the_point_of_inference(self):
        self.have_product()
        off = ["--set", "CLAP_g:T=off", "--set", "CLAP_m:TVA=off"]
        recipe = json.loads((self.product / "product.json").read_text())["recipe"]
        subsets = ["T", "V", "A", "TV", "TA", "VA", "TVA"]
        recipe["route"][0]["experts"] = [{"space": "CLAP_g", "projectors": subsets[1:]}, {"space": "CLAP_m", "projectors": subsets[:-1]}]
        (self.folder / "named.json").write_text(json.dumps(recipe))
        self.train("-q", recipe=self.folder / "named.json", product=self.folder / "named")
        named = table(run_json("evaluate", "--product", self.folder / "named"))
        answer = run_json("evaluate", "--product", self.product, *off)
        self.assertEqual(table(answer), named)
        self.assertEqual(answer["setting"]["projectors"], {"CLAP_g:T": False, "CLAP_m:TVA": False})
        self.assertEqual(answer["subject"], "ImageBind++ at CLAP_g:T=off, CLAP_m:TVA=off")
        self.assertEqual(table(run_json("evaluate", "--product", self.product, *off, "--reference")), named)
        self.assertNotEqual(table(run_json("evaluate", "--product", self.product)), named)
        self.assertEqual(table(run_json("evaluate", "--product", self.folder / "named", "--set", "CLAP_g:T=on", "--set", "CLAP_m:TVA=on")),
                         table(run_json("evaluate", "--product", self.product)))
        run("sweep", "--product", self.product, *off, "--axis", "sigma_a=0.5:0.5:1", "-o", self.folder / "s.json")
        for s in json.loads((self.folder / "s.json").read_text())["sets"]:
            self.assertEqual(np.ravel(s["metrics"]["R@1"])[0], named[s["set"]]["R@1"])
        why = run_json("why", "--product", self.product, "--to-set", "CLAP_g:T=off", "--sets", "AudioCaps")
        self.assertEqual([(m["name"], m["before"], m["after"]) for m in why["sets"][0]["movers"]], [("CLAP_g:*", 7, 6)])

        # A package holds what is in force, and can be asked for another choice.
        run("export", self.product, self.package, *off)
        run("verify", self.package)
        self.assertEqual(table(json.loads((self.package / "metrics.json").read_text())), named)
        self.assertEqual(json.loads((self.package / "recipe.json").read_text())["route"][0]["experts"][0]["projectors"], subsets[1:])
        proof = subprocess.run([sys.executable, self.package / "apply.py", "--verify"], capture_output=True, text=True)
        self.assertEqual(proof.returncode, 0, proof.stderr)
        inputs = []
        with h5py.File(self.world / "workspace.h5") as f:
            for space in ("ImageBind", "CLAP_g", "CLAP_m"):
                np.save(self.folder / f"{space}.npy", f[f"sets/AudioCaps/first/embeddings/{space}"][:])
                inputs += ["--input", f"{space}={self.folder / f'{space}.npy'}"]
        vectors = {}
        for name, folder, words in (("package", self.package, []), ("product", self.product, off), ("named", self.folder / "named", []),
                                    ("on", self.package, ["--set", "CLAP_g:T=on", "--set", "CLAP_m:TVA=on"]), ("all", self.product, [])):
            run("apply", folder, "--modality", "audio", *inputs, *words, "-o", self.folder / f"{name}.npy")
            vectors[name] = np.load(self.folder / f"{name}.npy")
        np.testing.assert_array_equal(vectors["package"], vectors["named"])
        np.testing.assert_array_equal(vectors["product"], vectors["named"])
        np.testing.assert_array_equal(vectors["on"], vectors["all"])
        self.assertGreater(np.abs(vectors["all"] - vectors["named"]).max(), 1e-4)

        for words, said in ((["CLAP_g:TT=off"], "did you mean 'CLAP_g:T"), (["CLAP_g:T=2"], "expected on or off"),
                            ([f"CLAP_g:{s}=off" for s in subsets], "switch the expert itself off instead: CLAP_g=off")):
            self.assertIn(said, run("evaluate", "--product", self.product, *[w for s in words for w in ("--set", s)], code=1).stderr)

    def test_verify_sees_any_change(self):
        self.have_product()
        run("export", self.product, self.package)
        for name in ("recipe.json", "apply.py", "probes.safetensors", "metrics.json"):
            copy = self.folder / "copy"
            shutil.copytree(self.package, copy)
            data = bytearray((copy / name).read_bytes())
            data[len(data) // 2] ^= 1
            (copy / name).write_bytes(data)
            said = run("verify", copy, code=1).stderr
            self.assertIn(name, said)
            shutil.rmtree(copy)

    def test_what_cannot_be_is_refused(self):
        self.have_product()
        self.assertIn("did you mean 'sigma_", run("evaluate", "--product", self.product, "--set", "sigma_b=1", code=1).stderr)
        run("evaluate", "--product", self.product, "--set", "sigma_a=1.5", code=1)
        run("evaluate", "--product", self.product, "--sets", "AudioCap", code=1)
        self.assertIn("Versatile", run("evaluate", "--product", self.product, "--setting", "Versatil", code=1).stderr)
        run("sweep", "--product", self.product, "--axis", "sigma_a=0:2", code=1)
        # Before anything is computed.
        shutil.rmtree(self.product / "landscapes", ignore_errors=True)
        self.assertIn(".csv", run("sweep", "--product", self.product, "-o", self.folder / "surface.txt", code=1).stderr)
        self.assertFalse((self.product / "landscapes").exists())
        (self.folder / "full").mkdir()
        (self.folder / "full" / "mine").write_text("mine")
        run("export", self.product, self.folder / "full", code=1)
        self.assertEqual((self.folder / "full" / "mine").read_text(), "mine")
        self.assertRegex(self.train("--memory-gib", 0.000001, product=self.folder / "q", code=1).stderr,
                         r"needs [0-9.]+ KiB of memory, and the budget is [0-9.]+ KiB")

    def test_any_modality_names(self):
        rng = np.random.default_rng(0)
        latent = rng.standard_normal((600, 6))

        # A space sees one latent world its own way, whatever the modality.
        spaces = {"Wide": {"depth", "text", "molecule"}, "Narrow": {"text", "molecule"}}
        views = {space: rng.standard_normal((6, 12)) for space in spaces}

        def rows(space, part):
            return (latent[part] @ views[space] + 0.1 * rng.standard_normal((len(latent[part]), 12))).astype(np.float32)

        pools, sides = [], {}
        for i, modality in enumerate(("depth", "text", "molecule")):
            named = {}
            for space, has in spaces.items():
                if modality not in has:
                    continue
                for kind, part in (("pool", slice(i * 150, i * 150 + 150)), ("set", slice(500, 600))):
                    np.save(self.folder / f"{kind}-{space}-{modality}.npy", rows(space, part))
                named[space] = f"pool-{space}-{modality}.npy"
                sides.setdefault(modality, {})[space] = f"set-{space}-{modality}.npy"
            pools.append({"name": modality, "modality": modality, "spaces": named})
        world = self.folder / "chemistry"
        run("import", world, "--manifest", self.manifest({"pools": pools, "sets": [
            {"name": "names", "kind": "retrieval", "first": {"modality": "molecule", "spaces": sides["molecule"]},
             "second": {"modality": "text", "spaces": sides["text"]}}]}))
        recipe = self.manifest({"name": "Chemistry", "base": "Wide", "route": [
            {"reaction": "displacement", "experts": ["Narrow"], "factors": {"text": 0.9, "molecule": 0.9}},
            {"reaction": "combination", "experts": ["Narrow"], "factors": {"text": 0.5, "molecule": 0.5}}]}, "recipe.json")
        run("train", world, "--recipe", recipe, "--product", self.product, *QUICK, "-q")
        figures = table(run_json("evaluate", "--product", self.product))
        self.assertGreater(figures["names"]["R@10"], 60)  # chance is 10
        run("export", self.product, self.package)
        run("verify", self.package)


@needs_reactor
class Direction(FolderTest):
    """On preset small (a synthetic world), as the demonstration trains it."""

    def test_expertise_rises_far_and_images_keep(self):
        answer = run_json("demo", self.folder / "demo")
        rows = {r["name"]: {s["set"]: s["metrics"]["R@1"] for s in r["evaluation"]["sets"] if "R@1" in s["metrics"]} for r in answer["rows"]}
        base, versatile, expertise = (rows[n] for n in ("ImageBind (base)", "ImageBind++ Versatile", "ImageBind++ AT Expertise"))
        for name in ("AudioCaps", "Clotho"):
            self.assertGreater(expertise[name], base[name] + 5, name)
            self.assertGreater(expertise[name], versatile[name], name)
        # Image-text as the paper's Δ_TV has it: the mean of its two sets.
        image_text = [sum(row[name] for name in ("COCO", "Flickr30K")) / 2 for row in (versatile, base)]
        self.assertGreater(image_text[0], image_text[1] - 1)
        # What is finished is not done again.
        again = run("demo", self.folder / "demo").stdout
        self.assertIn("synthetic world", again)
        # Of another world neither.
        self.assertIn("another workspace", run("demo", self.folder / "demo", "--preset", "tiny", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
