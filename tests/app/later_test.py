# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Products that change after they were made: another expert, a tuned encoder, earlier stages. The commands of the guide's
pages `experts`, `encoder` and `time-travel` are taken from the pages and run."""
import json
import os
import shlex
import subprocess
import sys
import unittest

from support import SOURCE, FolderTest, contents, needs_reactor, require, run, run_json, unit_rows

require("torch")
import h5py
import numpy as np
import torch
from safetensors.numpy import load_file

sys.path.insert(0, str(SOURCE / "tests" / "data"))
import make_encoder  # noqa: E402
from released_heads import FreeBindHead  # noqa: E402

QUICK = ["--hidden-width", 16, "--batch-size", 64, "--epochs", 1]


def table(answer):
    return {s["set"]: s["metrics"] for s in answer["sets"]}


def weights(product):
    """{reaction/subset: {name: array}} of a product."""
    return {f"{path.parent.name}/{path.stem}": load_file(path) for path in (product / "reactions").rglob("*.safetensors")}


@needs_reactor
class GuideTest(FolderTest):
    def follow(self, page, before=None):
        """Runs the commands of a page of the guide in the test's folder; how many there were. `before`: what else has to be
        there for a command that has this in it."""
        blocks, block = [], []
        for line in [*(SOURCE / "resources" / "guide" / f"{page}.md").read_text().splitlines(), ""]:
            if line.startswith("    "):
                block.append(line[4:])
            else:
                blocks += [block] if block else []
                block = []
        count = 0
        for text in ("\n".join(b) for b in blocks):
            if text.startswith("import "):
                done = subprocess.run([sys.executable, "-c", text], cwd=self.folder, capture_output=True, text=True,
                                      env=dict(os.environ, PYTHONPATH=str(SOURCE / "tests" / "data"), PYTHONDONTWRITEBYTECODE="1"))
                self.assertEqual(done.returncode, 0, done.stderr)
                count += 1
            elif text.startswith("molspace "):
                for command in text.replace("\\\n", " ").splitlines():
                    program, *arguments = shlex.split(command)
                    self.assertEqual(program, "molspace", command)
                    for words, make in (before or {}).items():
                        if words in command:
                            make()
                    run(*arguments, cwd=self.folder)
                    count += 1
        return count


class Experts(GuideTest):
    def test_the_guides_page_and_what_it_says(self):
        self.assertEqual(self.follow("experts"), 6)
        both, one, other = (self.folder / n for n in ("both", "one", "other"))
        # Giving one up is its switch.
        self.assertEqual(table(run_json("evaluate", "--product", one)),
                         table(run_json("evaluate", "--product", both, "--set", "CLAP_m=off")))
        for name in ("T", "TA", "TVA"):
            files = [p / "reactions" / "1-CLAP_g" / f"{name}.safetensors" for p in (both, one, other)]
            self.assertEqual(len({f.read_bytes() for f in files}), 1)
        record = json.loads((other / "product.json").read_text())
        self.assertEqual(record["recipe"]["name"], "ImageBind++ without CLAP_m with InternVL")
        self.assertEqual(record["training"]["1-CLAP_g"]["T"]["taken"]["product"], "ImageBind++ without CLAP_m")
        self.assertEqual(record["training"]["1-CLAP_g"]["T"]["taken"]["earlier"]["product"], "ImageBind++")
        self.assertNotIn("taken", record["training"]["1-InternVL"]["T"])
        # Taking it back is the product that there was, trained from the beginning.
        world = self.folder / "trial"
        plan = run_json("train", world, "--from", one, "--with", "CLAP_m", "--product", self.folder / "again", "--plan")
        self.assertEqual([t["reaction"] for t in plan["reactions"]["taken"]], ["1-CLAP_g"])
        self.assertEqual([(t["reaction"], t["why"]) for t in plan["reactions"]["trained"]],
                         [("1-CLAP_m", "ImageBind++ without CLAP_m has no Cr(CLAP_m)")])
        self.assertFalse((self.folder / "again").exists())
        run("train", world, "--from", one, "--with", "CLAP_m", "--product", self.folder / "again", "-q")
        mine, theirs = weights(self.folder / "again"), weights(both)
        self.assertEqual(set(mine), set(theirs))
        for name, tensors in theirs.items():
            for key, tensor in tensors.items():
                self.assertEqual(tensor.tobytes(), mine[name][key].tobytes(), f"{name} {key}")
        self.assertEqual(table(run_json("evaluate", "--product", self.folder / "again")), table(run_json("evaluate", "--product", both)))

    def test_what_cannot_be_is_refused(self):
        world, product = self.folder / "world", self.folder / "p"
        run("synth", world, "--preset", "tiny", "-q")
        run("train", world, "--recipe", "ImageBind++", "--product", product, *QUICK, "-q")
        self.assertIn("did you mean 'CLAP_", run("train", world, "--from", product, "--without", "CLAP_n", "--plan", code=1).stderr)
        self.assertIn("has the expert CLAP_g already", run("train", world, "--from", product, "--with", "CLAP_g", "--plan", code=1).stderr)
        self.assertIn("--from", run("train", world, code=2).stderr)
        self.assertIn("--from", run("train", world, "--recipe", "ImageBind++", "--with", "CLAP_m", code=1).stderr)
        run("train", world, "--from", product, "--product", product, code=1)
        # Another seed trains everything, and says why.
        plan = run_json("train", world, "--from", product, "--seed", 5, "--product", self.folder / "q", "--plan")
        self.assertEqual({t["why"] for t in plan["reactions"]["trained"]}, {"its seed is 0, not 5"})

    def test_projectors_from_checkpoints_take_an_expert(self):
        world, product, package = (self.folder / n for n in ("world", "p", "package"))
        run("synth", world, "--preset", "tiny", "-q")
        run("train", world, "--recipe", "ImageBind++", "--product", product, *QUICK, "-q")
        run("export", product, package, "--freebind", "--no-metrics")
        run("import", world, "--checkpoints", package / "freebind", "--recipe", "ImageBind++", "--product", self.folder / "brought")
        more = self.folder / "more"
        run("train", world, "--from", self.folder / "brought", "--with", "InternVL", "--product", more, *QUICK[2:], "-q")
        record = json.loads((more / "product.json").read_text())
        self.assertIn("source", record["training"]["1-CLAP_g"]["T"])
        mine, theirs = weights(more), weights(product)
        for name, tensors in theirs.items():
            for key, tensor in tensors.items():
                self.assertEqual(tensor.tobytes(), mine[name][key].tobytes(), f"{name} {key}")
        self.assertTrue(table(run_json("evaluate", "--product", more)))
        self.assertIn("brought in from a checkpoint", run("train", world, "--from", self.folder / "brought", "--with", "InternVL",
                                                          "--product", more, *QUICK[2:], "--more-epochs", 1, code=1).stderr)


class Encoder(GuideTest):
    def rows(self, world, space, dataset):
        kind, name, side = dataset.split("/")
        with h5py.File(world / "workspace.h5") as file:
            return file[f"{kind}/{name}/{side}/embeddings/{space}"][:]

    def through(self, encoder, heads, x):
        """N(f(x)) through the mean of the heads' unit outputs, in PyTorch."""
        normalise = torch.nn.functional.normalize
        with torch.no_grad():
            z = normalise(encoder(torch.from_numpy(x)), dim=1)
            outputs = []
            for path in sorted(heads.glob("*.safetensors")):
                tensors = {k: torch.from_numpy(v) for k, v in load_file(path).items()}
                head = FreeBindHead(tensors["Head2.mlps.0.weight"].shape[1], tensors["Head2.mlps.0.weight"].shape[0],
                                    tensors["Head2.mlps.3.weight"].shape[0])
                head.load_state_dict(tensors, strict=True)
                outputs.append(head.eval()(z))
            self.assertEqual(len(outputs), 7)
            return normalise(torch.stack(outputs).mean(0), dim=1).numpy()

    def test_the_guides_page_and_what_it_says(self):
        world, plain, tuned = (self.folder / n for n in ("trial", "plain", "tuned"))
        folder = plain / "encoders" / "ImageBind_tuned"

        def embedded():
            with h5py.File(self.folder / "inputs.h5") as inputs, torch.no_grad():
                encoder = torch.jit.load(folder / "encoder.pt").eval()
                np.save(self.folder / "embedded.npy", encoder(torch.from_numpy(inputs["sets/Clotho/first"][:])).numpy())

        self.assertEqual(self.follow("encoder", {"embedded.npy": embedded}), 7)
        np.testing.assert_allclose(np.load(self.folder / "rows.npy"), self.rows(world, "ImageBind_tuned", "sets/Clotho/first"), atol=2e-5)
        record = json.loads((folder / "encoder.json").read_text())
        self.assertTrue(record["synthetic"])
        self.assertGreater(record["agreement_before"], 0.999)
        self.assertEqual((record["after_steps"], record["modality"], record["towards"]), (1, "audio", "image"))
        self.assertEqual(record["tensors"], {"encoder": 4, "heads": 0, "frozen": 1})
        # The loss falls.
        self.assertEqual(len(record["losses"]), 4)
        self.assertLess(record["losses"][3], record["losses"][0])
        log = np.loadtxt(folder / "log.csv", delimiter=",", skiprows=1)
        np.testing.assert_allclose(log[:, 2].reshape(4, 6).mean(1), record["losses"], rtol=1e-6)
        # What asked for a gradient has moved, and nothing else.
        before, after = (torch.jit.load(p / "encoder.pt") for p in (self.folder, folder))
        state = after.state_dict()
        for name, tensor in before.state_dict().items():
            self.assertEqual(torch.equal(tensor, state[name]), name == "stem.weight", name)
        self.assertEqual([p.requires_grad for p in after.parameters()], [p.requires_grad for p in before.parameters()])
        # Pools and sets were embedded again, with it and the product's heads.
        with h5py.File(self.folder / "inputs.h5") as inputs:
            for dataset in ("pools/audio-image/audio", "sets/AudioCaps/first", "sets/VGG-SS/first"):
                expected = self.through(after.eval(), plain / "reactions" / "1-InternVL", inputs[dataset][:])
                np.testing.assert_allclose(self.rows(world, "ImageBind_tuned", dataset), expected, atol=2e-5)
        # What follows is trained on them, what came before is taken.
        product = json.loads((tuned / "product.json").read_text())
        self.assertEqual(product["recipe"]["name"], "InternVL_IB++ with ImageBind_tuned")
        self.assertEqual([s["reaction"] for s in product["recipe"]["route"]], ["displacement", "tuning", "combination"])
        self.assertIn("taken", product["training"]["1-InternVL"]["T"])
        self.assertNotIn("taken", product["training"]["3-CLAP_g"]["T"])
        self.assertEqual(product["recipe"]["settings"], json.loads((plain / "product.json").read_text())["recipe"]["settings"])
        figures = table(run_json("evaluate", "--product", tuned))
        self.assertEqual(figures, table(run_json("evaluate", "--product", tuned, "--reference")))
        self.assertEqual(set(figures), set(table(run_json("evaluate", "--product", plain))))
        # A package of it is whole without the encoder.
        package = self.folder / "package"
        run("export", tuned, package)
        run("verify", package)
        proof = subprocess.run([sys.executable, package / "apply.py", "--verify"], capture_output=True, text=True)
        self.assertEqual(proof.returncode, 0, proof.stderr)
        self.assertEqual(json.loads((package / "manifest.json").read_text())["modalities"]["audio"]["spaces"],
                         ["ImageBind_tuned", "CLAP_g", "CLAP_m"])

    def test_heads_are_a_copy_and_everything_else_stays(self):
        world, product = self.folder / "world", self.folder / "p"
        run("synth", world, "--preset", "tiny", "-q")
        run("train", world, "--recipe", "InternVL_IB", "--product", product, *QUICK, "-q")
        make_encoder.make(world, self.folder)
        before = contents(product)
        kept = {space: self.rows(world, space, "pools/audio/audio") for space in ("ImageBind", "CLAP_g")}
        words = ["tune-encoder", "--product", product, "--encoder", self.folder / "encoder.pt", "--inputs", self.folder / "inputs.h5",
                 "--epochs", 2, "--batch-size", 50, "--learning-rate", 0.003, "--heads", "trained", "--space", "Own"]
        answer = run_json(*words)
        self.assertEqual(answer["tensors"], {"encoder": 4, "heads": 7 * 8, "frozen": 1})
        self.assertLess(answer["losses"][1], answer["losses"][0])
        self.assertEqual(contents(product, skip=("encoders",)), before)
        for space, rows in kept.items():
            np.testing.assert_array_equal(self.rows(world, space, "pools/audio/audio"), rows)
        folder = product / "encoders" / "Own"
        own, theirs = (load_file(p / "1-InternVL" / "TVA.safetensors") for p in (folder / "heads", product / "reactions"))
        for name, tensor in theirs.items():
            statistics = "running" in name or "num_batches" in name
            self.assertEqual(np.array_equal(tensor, own[name]), statistics, name)
        encoder = torch.jit.load(folder / "encoder.pt").eval()
        with h5py.File(self.folder / "inputs.h5") as inputs:
            expected = self.through(encoder, folder / "heads" / "1-InternVL", inputs["sets/VGG-SS/first"][:])
        np.testing.assert_allclose(self.rows(world, "Own", "sets/VGG-SS/first"), expected, atol=2e-5)
        # The same again gives the same, to the bit.
        state = {k: v.clone() for k, v in encoder.state_dict().items()}
        self.assertEqual(run_json(*words)["losses"], answer["losses"])
        for name, tensor in torch.jit.load(folder / "encoder.pt").state_dict().items():
            self.assertTrue(torch.equal(tensor, state[name]), name)

    def test_what_cannot_be_is_refused(self):
        world, product = self.folder / "world", self.folder / "p"
        run("synth", world, "--preset", "tiny", "-q")
        run("train", world, "--recipe", "InternVL_IB", "--product", product, *QUICK, "-q")
        make_encoder.make(world, self.folder)
        before = contents(world)

        def said(encoder="encoder.pt", inputs="inputs.h5", *words):
            return run("tune-encoder", "--product", product, "--encoder", self.folder / encoder, "--inputs", self.folder / inputs,
                       "--epochs", 1, *words, code=1).stderr

        (self.folder / "junk.pt").write_bytes(b"PK\x03\x04 no script at all")
        self.assertIn("expected a TorchScript module", said("junk.pt"))
        self.assertIn("there is no such file", said("none.pt"))

        class Narrow(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = torch.nn.Parameter(torch.ones(3))

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return x.flatten(1)[:, :3] * self.scale

        torch.jit.script(Narrow()).save(str(self.folder / "narrow.pt"))
        self.assertIn("of width", said("narrow.pt"))
        still = torch.jit.load(self.folder / "encoder.pt")
        for p in still.parameters():
            p.requires_grad_(False)
        still.save(str(self.folder / "still.pt"))
        self.assertIn("asks for a gradient", said("still.pt"))

        with h5py.File(self.folder / "short.h5", "w") as f, h5py.File(self.folder / "inputs.h5") as whole:
            f["pools/audio-image/audio"] = whole["pools/audio-image/audio"][:-1]
        self.assertRegex(said("encoder.pt", "short.h5"), r"expected \d+ rows, as the pool audio-image of the workspace has, found \d+")
        with h5py.File(self.folder / "other.h5", "w") as f, h5py.File(self.folder / "inputs.h5") as whole:
            f["pools/audio-image/audio"] = whole["pools/audio-image/audio"][:]
        self.assertIn("/pools/audio/audio", said("encoder.pt", "other.h5"))
        with h5py.File(self.folder / "shapes.h5", "w") as f, h5py.File(self.folder / "inputs.h5") as whole:
            f["pools/audio-image/audio"] = whole["pools/audio-image/audio"][:]
            f["pools/audio/audio"] = whole["pools/audio/audio"][:, :1]
        self.assertIn("expected items of shape", said("encoder.pt", "shapes.h5"))
        with h5py.File(self.folder / "long.h5", "w") as f, h5py.File(self.folder / "inputs.h5") as whole:
            for name in ("pools/audio-image/audio", "pools/audio/audio"):
                f[name] = np.concatenate([whole[name][:]] * 2, axis=2)
        self.assertIn("the encoder refuses its input", said("encoder.pt", "long.h5"))
        self.assertIn("choose another name", said("encoder.pt", "inputs.h5", "--space", "InternVL"))
        self.assertIn("expected a modality of its base", said("encoder.pt", "inputs.h5", "--modality", "smell"))
        self.assertEqual(contents(world), before)

    def test_another_encoder_is_noticed(self):
        world, product = self.folder / "world", self.folder / "p"
        run("synth", world, "--preset", "tiny", "-q")
        run("train", world, "--recipe", "InternVL_IB", "--product", product, *QUICK, "-q")
        make_encoder.make(world, self.folder, seed=1)
        inputs = (self.folder / "inputs.h5").rename(self.folder / "of-one.h5")
        make_encoder.make(world, self.folder, seed=2)
        said = run("tune-encoder", "--product", product, "--encoder", self.folder / "encoder.pt", "--inputs", inputs, "--epochs", 1).stderr
        self.assertIn("it is another encoder", said)


class TimeTravel(GuideTest):
    def test_the_guides_page_and_what_it_says(self):
        self.assertEqual(self.follow("time-travel"), 8)
        product = self.folder / "p"
        answers = [run_json("evaluate", "--product", product, "--stage", k) for k in range(5)]
        self.assertEqual([a["subject"].split(" at sigma")[0] for a in answers],
                         [f"ImageBind++ at {k} of 4" for k in range(4)] + ["ImageBind++"])
        self.assertEqual(table(answers[4]), table(run_json("evaluate", "--product", product)))
        self.assertEqual(table(answers[2]), table(run_json("evaluate", "--product", product, "--stage", 2, "--reference")))
        self.assertGreater(table(answers[4])["AudioCaps"]["R@10"], table(answers[0])["AudioCaps"]["R@10"])
        # A sweep of a stage says what evaluate says of it.
        run("sweep", "--product", product, "--stage", 2, "--axis", "sigma_a=0.8:0.8:1", "--axis", "sigma_t=0.5:0.5:1", "-o", self.folder / "s.json")
        there = table(run_json("evaluate", "--product", product, "--stage", 2, "--setting", "AT Expertise"))
        for s in json.loads((self.folder / "s.json").read_text())["sets"]:
            self.assertEqual(np.ravel(s["metrics"]["R@1"])[0], there[s["set"]]["R@1"])
        self.assertIn("0 to 4", run("evaluate", "--product", product, "--stage", 5, code=1).stderr)
        run("verify", self.folder / "package")
        self.assertIn("no record of its training", run("train", self.folder / "trial", "--recipe", "ImageBind++", "--product",
                                                       product / "stages" / "2", *QUICK, code=1).stderr)


if __name__ == "__main__":
    unittest.main()
