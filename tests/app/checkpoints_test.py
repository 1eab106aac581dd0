# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoints of the released code become products, and products such checkpoints. The commands of the guide's page
`checkpoints` are taken from the page and run."""
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import unittest

from support import PROGRAM, SOURCE, FolderTest, contents, needs_reactor, require, run, run_json, unit_rows

require("torch")
import numpy as np
import torch
from safetensors.numpy import load_file

sys.path.insert(0, str(SOURCE / "tests" / "data"))
from released_heads import CmcrHeads, ExMcrHead, FreeBindHead, TunedAudio, random_state  # noqa: E402

SUBSETS = {"mix": "TVA", "A": "A", "T": "T", "V": "V", "AT": "TA", "AV": "VA", "TV": "TV"}
HIDDEN = 24


def table(answer):
    return {s["set"]: s["metrics"] for s in answer["sets"]}


class Checkpoints(FolderTest):
    def setUp(self):
        super().setUp()
        self.world, self.checkpoints = self.folder / "world", self.folder / "FreeBind"
        run("synth", self.world, "--preset", "tiny", "-q")
        self.width = {s["name"]: s["width"] for s in run_json("inspect", self.world)["spaces"]}

    def freebind(self, folders, in_width, out_width, seed=1, subsets=SUBSETS):
        for folder in folders:
            for dm in subsets:
                place = self.checkpoints / folder / dm
                place.mkdir(parents=True)
                seed += 1
                torch.save(random_state(FreeBindHead(in_width, HIDDEN, out_width), seed).state_dict(), place / "best.pt")

    def imagebind_plus(self, **options):
        self.freebind(["IB_PP_G_Proj", "IB_PP_M_Proj"], self.width["CLAP_g"], self.width["ImageBind"], **options)

    def bring(self, *words, recipe="ImageBind++", product=None, **options):
        product = product or self.folder / "product"
        return run("import", self.world, "--checkpoints", self.checkpoints, "--recipe", recipe, "--product", product, *words, **options)

    def test_there_and_back_changes_no_bit(self):
        self.imagebind_plus()
        product, again, package = (self.folder / n for n in ("product", "again", "package"))
        said = self.bring().stdout
        self.assertIn("brought in from checkpoints", said)
        record = json.loads((product / "product.json").read_text())
        self.assertEqual(record["options"]["origin"], "brought in from checkpoints")
        self.assertEqual(record["recipe"]["route"][0]["options"]["hidden_width"], HIDDEN)
        self.assertEqual(record["training"]["1-CLAP_g"]["TVA"]["source"], "IB_PP_G_Proj/mix/best.pt")
        for folder, reaction in (("IB_PP_G_Proj", "1-CLAP_g"), ("IB_PP_M_Proj", "1-CLAP_m")):
            for dm, subset in SUBSETS.items():
                state = torch.load(self.checkpoints / folder / dm / "best.pt", weights_only=True)
                ours = load_file(product / "reactions" / reaction / f"{subset}.safetensors")
                self.assertEqual(sorted(state), sorted(ours))
                for name, tensor in state.items():
                    self.assertEqual(tensor.numpy().tobytes(), ours[name].tobytes(), name)
        figures = table(run_json("evaluate", "--product", product))
        self.assertTrue(figures)
        self.assertEqual(figures, table(run_json("evaluate", "--product", product, "--reference")))
        run("export", product, package, "--freebind")
        run("verify", package)
        proof = subprocess.run([sys.executable, package / "apply.py", "--verify"], capture_output=True, text=True)
        self.assertEqual(proof.returncode, 0, proof.stderr)
        self.assertIn("brought in from checkpoints", (package / "card.md").read_text())
        for folder in ("IB_PP_G_Proj", "IB_PP_M_Proj"):
            for dm in SUBSETS:
                theirs = torch.load(self.checkpoints / folder / dm / "best.pt", weights_only=True)
                ours = torch.load(package / "freebind" / folder / dm / "best.pt", weights_only=True)
                self.assertEqual(list(theirs), list(ours))
                for name in theirs:
                    self.assertEqual(theirs[name].dtype, ours[name].dtype)
                    self.assertEqual(theirs[name].shape, ours[name].shape)
                    self.assertEqual(theirs[name].numpy().tobytes(), ours[name].numpy().tobytes())
        run("import", self.world, "--checkpoints", package / "freebind", "--recipe", "ImageBind++", "--product", f"{again}/")
        self.assertEqual(contents(product / "reactions"), contents(again / "reactions"))
        self.assertEqual(contents(product / "basis"), contents(again / "basis"))
        self.assertEqual(figures, table(run_json("evaluate", "--product", again)))
        # An earlier product that was brought in is replaced, anything else is not.
        self.bring()
        self.assertEqual(contents(product / "reactions"), contents(again / "reactions"))
        (self.folder / "mine").mkdir()
        (self.folder / "mine" / "notes.txt").write_text("mine")
        self.assertIn("something else", self.bring(product=self.folder / "mine", code=1).stderr)

    def test_product_vectors_are_those_of_the_released_code(self):
        """FreeBind's inference (method §1.4) with plain modules, on rows of our own."""
        self.imagebind_plus()
        self.bring()
        rows = {name: unit_rows(50, self.width[name], i) for i, name in enumerate(("ImageBind", "CLAP_g", "CLAP_m"))}
        words = []
        for name, x in rows.items():
            np.save(self.folder / f"{name}.npy", x)
            words += ["--input", f"{name}={self.folder / name}.npy"]
        run("apply", self.folder / "product", "--modality", "audio", *words, "--set", "sigma_a=0.8", "-o", self.folder / "z.npy")
        outputs = []
        for folder, space in (("IB_PP_G_Proj", "CLAP_g"), ("IB_PP_M_Proj", "CLAP_m")):
            for dm in SUBSETS:
                head = FreeBindHead(self.width[space], HIDDEN, self.width["ImageBind"])
                head.load_state_dict(torch.load(self.checkpoints / folder / dm / "best.pt", weights_only=True), strict=True)
                with torch.no_grad():
                    outputs.append(head.eval()(torch.from_numpy(rows[space])))
        mean = torch.nn.functional.normalize(torch.stack(outputs).mean(0), dim=-1)
        z = torch.nn.functional.normalize(0.8 * mean + 0.2 * torch.from_numpy(rows["ImageBind"]), dim=-1)
        self.assertLess(np.abs(np.load(self.folder / "z.npy") - z.numpy()).max(), 1e-5)

    def test_what_does_not_fit_is_refused_and_nothing_is_left(self):
        def refused(*words, contains, **options):
            before = contents(self.folder)
            self.assertIn(contains, self.bring(*words, code=1, **options).stderr)
            self.assertEqual(contents(self.folder), before)
            self.assertFalse((self.folder / "product").exists())

        self.checkpoints.mkdir()
        refused(contains="expected " + str(self.checkpoints / "IB_PP_G_Proj"))
        self.imagebind_plus()
        refused(recipe="InternVL_IB", contains="InternVL_IB_Proj")
        refused(recipe="InternVL_IB†", contains="is a tuning")
        refused("--checkpoint", "1-CLAP=x", contains="no reaction '1-CLAP'")
        refused("--checkpoint", "1-CLAP_g=nowhere", contains="no checkpoint at")
        refused("--checkpoint", "1-CLAP_g", contains="expected REACTION=PLACE")
        refused("--checkpoint", "1-CLAP_g=IB_PP_G_Proj/mix/best.pt#Head_A", contains="has no head 'Head_A'")
        self.freebind(["InternVL_IB_Proj"], self.width["ImageBind"] + 1, self.width["InternVL"])
        refused(recipe="InternVL_IB", contains=f"found {self.width['ImageBind'] + 1} -> {self.width['InternVL']}")
        shutil.copytree(self.checkpoints / "IB_PP_M_Proj" / "AV", self.checkpoints / "IB_PP_M_Proj" / "VA")
        refused(contains="both 'VA' and 'AV'")
        shutil.rmtree(self.checkpoints / "IB_PP_M_Proj" / "VA")
        shutil.rmtree(self.checkpoints / "IB_PP_M_Proj" / "AV")
        refused(contains="different projectors")
        (self.checkpoints / "IB_PP_M_Proj" / "AV").mkdir()
        (self.checkpoints / "IB_PP_M_Proj" / "AV" / "best.pt").write_bytes(b"PK\x03\x04 no archive")
        refused(contains="best.pt")
        for words in (["--checkpoints", self.checkpoints], ["--recipe", "ImageBind++"],
                      ["--checkpoints", self.checkpoints, "--recipe", "ImageBind++", "--pool", "text:A=a.npy"]):
            run("import", self.world, *words, code=2)

    def test_a_few_projectors_are_enough(self):
        self.imagebind_plus(subsets=["mix", "AT"])
        said = self.bring().stdout
        self.assertIn("2 projectors (TA, TVA)", said)
        recipe = json.loads((SOURCE / "resources" / "recipes" / "ImageBind++.json").read_text())
        recipe["route"][0]["options"] = {"projectors": ["T", "TA"]}
        (self.folder / "two.json").write_text(json.dumps(recipe))
        said = self.bring(recipe=self.folder / "two.json").stdout
        self.assertIn("the recipe trains T, TA; brought in are TA, TVA", said)
        self.assertTrue(run_json("evaluate", "--product", self.folder / "product")["sets"])

    def test_no_pools_are_needed(self):
        """A workspace of one evaluation set."""
        for side, spaces in (("audio", ("ImageBind", "CLAP_g", "CLAP_m")), ("text", ("ImageBind", "CLAP_g", "CLAP_m"))):
            for i, space in enumerate(spaces):
                np.save(self.folder / f"{side}-{space}.npy", unit_rows(20, self.width[space], i))
        words = [w for side in ("audio", "text") for space in ("ImageBind", "CLAP_g", "CLAP_m")
                 for w in ("--set", f"Mine:retrieval:{side}:{space}={self.folder / side}-{space}.npy")]
        self.world = self.folder / "mine"
        run("import", self.world, *words)
        self.imagebind_plus()
        self.bring()
        self.assertEqual(list(table(run_json("evaluate", "--product", self.folder / "product"))), ["Mine"])

    @needs_reactor
    def test_every_command_of_the_guides_page_runs(self):
        self.imagebind_plus()
        torch.save(random_state(TunedAudio(self.width["ImageBind"], HIDDEN, self.width["InternVL"]), 3).state_dict(),
                   self.folder / "tuned_audio_with_head.pt")
        torch.save(random_state(ExMcrHead(12, 24, 12, 24), 4).state_dict(), self.folder / "ex_clap.pt")
        torch.save(random_state(CmcrHeads(12, 24, 12), 5).state_dict(), self.folder / "clap_clip.pt")
        torch.save(random_state(FreeBindHead(3, 4, 2), 6), self.folder / "whole.pt")
        words = []
        for i, (side, space) in enumerate((("audio", "CLAP_g"), ("text", "CLAP_g"), ("text", "CLIP_B32"), ("image", "CLIP_B32"))):
            np.save(self.folder / f"{i}.npy", unit_rows(30, 12, i))
            words += ["--pool", f"{side}:{space}={self.folder / str(i)}.npy"]
            words += ["--set", f"{'AT' if space == 'CLAP_g' else 'TV'}:retrieval:{side}:{space}={self.folder / str(i)}.npy"]
        # Text has rows in CLIP beside CLAP's audio too, so that the product can be measured on both.
        words += ["--set", f"AT:retrieval:text:CLIP_B32={self.folder / '2'}.npy", "--set", f"TV:retrieval:text:CLAP_g={self.folder / '1'}.npy"]
        run("import", self.folder / "clip-world", *words)

        commands = []
        page = (SOURCE / "resources" / "guide" / "checkpoints.md").read_text()
        blocks, block = [], []
        for line in [*page.splitlines(), ""]:
            if line.startswith("    "):
                block.append(line[4:])
            else:
                blocks += [block] if block else []
                block = []
        for block in blocks:
            text = "\n".join(block)
            if text.startswith("import "):
                done = subprocess.run([sys.executable, "-c", text], cwd=self.folder, capture_output=True, text=True,
                                      env={"PYTHONPATH": str(SOURCE / "tests" / "data"), "PYTHONDONTWRITEBYTECODE": "1"})
                self.assertEqual(done.returncode, 0, done.stderr)
                commands.append(text)
            elif text.startswith("MOLSPACE_FUZZ"):
                # The same of this build, with few inputs.
                inputs, program, *arguments = shlex.split(text)
                program = pathlib.Path(PROGRAM).parents[1] / "tests" / pathlib.Path(program).name
                done = subprocess.run([program, *arguments], capture_output=True, text=True,
                                      env=dict(os.environ, **{inputs.split("=")[0]: "600"}))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertRegex(done.stdout, r"PASSED.* [1-9]\d* tests")
                commands.append(text)
            else:
                for command in text.replace("\\\n", " ").splitlines():
                    program, *arguments = shlex.split(command)
                    self.assertEqual(program, "molspace", command)
                    run(*arguments, cwd=self.folder)
                    commands.append(command)
        self.assertGreaterEqual(len(commands), 15)
        self.assertTrue((self.folder / "best.pt").exists())
        self.ex_mcr_is_the_released_code(self.folder / "clip-world" / "products" / "Ex-MCR")
        self.cmcr_is_the_released_code(self.folder / "clip-world" / "products" / "C-MCR")
        trained, brought = self.folder / "trained", self.folder / "brought"
        self.assertEqual(table(run_json("evaluate", "--product", trained)), table(run_json("evaluate", "--product", brought)))

    def cmcr_is_the_released_code(self, product):
        rows = unit_rows(40, 12, 8)
        np.save(self.folder / "rows.npy", rows)
        heads = CmcrHeads(12, 24, 12)
        heads.load_state_dict(torch.load(self.folder / "clap_clip.pt", weights_only=True), strict=True)
        with torch.no_grad():
            clap, clip = heads.eval()(torch.from_numpy(rows)).numpy()
        for modality, space, expected in (("audio", "CLAP_g", clap), ("image", "CLIP_B32", clip)):
            run("apply", product, "--modality", modality, "--input", f"{space}={self.folder / 'rows.npy'}", "-o", self.folder / "z.npy")
            self.assertLess(np.abs(np.load(self.folder / "z.npy") - expected).max(), 1e-5, modality)
        run("export", product, self.folder / "cmcr-package", "--freebind")
        run("verify", self.folder / "cmcr-package")
        back = torch.load(next((self.folder / "cmcr-package" / "freebind").rglob("best.pt")), weights_only=True)
        for name, tensor in torch.load(self.folder / "clap_clip.pt", weights_only=True).items():
            self.assertEqual(tensor.numpy().tobytes(), back[name].numpy().tobytes(), name)
        self.assertEqual(len(back), 28)

    def ex_mcr_is_the_released_code(self, product):
        audio = unit_rows(40, 12, 9)
        np.save(self.folder / "audio.npy", audio)
        run("apply", product, "--modality", "audio", "--input", f"CLAP_g={self.folder / 'audio.npy'}", "-o", self.folder / "z.npy")
        head = ExMcrHead(12, 24, 12, 24)
        head.load_state_dict(torch.load(self.folder / "ex_clap.pt", weights_only=True), strict=True)
        with torch.no_grad():
            expected = head.eval()(torch.from_numpy(audio)).numpy()
        self.assertLess(np.abs(np.load(self.folder / "z.npy") - expected).max(), 1e-5)
        # Back in the layout of Ex-MCR.
        run("export", product, self.folder / "ex-package", "--freebind")
        run("verify", self.folder / "ex-package")
        proof = subprocess.run([sys.executable, self.folder / "ex-package" / "apply.py", "--verify"], capture_output=True, text=True)
        self.assertEqual(proof.returncode, 0, proof.stderr)
        back = torch.load(next((self.folder / "ex-package" / "freebind").rglob("best.pt")), weights_only=True)
        ExMcrHead(12, 24, 12, 24).load_state_dict(back, strict=True)
        for name, tensor in torch.load(self.folder / "ex_clap.pt", weights_only=True).items():
            self.assertEqual(tensor.numpy().tobytes(), back[name].numpy().tobytes(), name)


class Hostile(FolderTest):
    def test_nothing_of_a_file_is_executed(self):
        class Touch:
            def __reduce__(self):
                return pathlib.Path.touch, (pathlib.Path("executed"),)

        run("synth", self.folder / "world", "--preset", "tiny", "-q")
        place = self.folder / "FreeBind" / "InternVL_IB_Proj" / "mix"
        place.mkdir(parents=True)
        for options in ({}, {"_use_new_zipfile_serialization": False}, {"pickle_protocol": 4}):
            torch.save({"Head2.mlps.0.weight": Touch()}, place / "best.pt", **options)
            before = contents(self.folder)
            said = run("import", "world", "--checkpoints", "FreeBind", "--recipe", "InternVL_IB", cwd=self.folder, code=1).stderr
            self.assertIn("nothing of a file is ever executed", said)
            self.assertEqual(contents(self.folder), before)


if __name__ == "__main__":
    unittest.main()
