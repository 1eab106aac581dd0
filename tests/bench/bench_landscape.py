# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the factors from landscapes beside PyTorch, on the same product in one run.

    python tests/bench/bench_landscape.py build/release/tests/bench_landscape PRODUCT [--fine]

PyTorch answers a setting in two ways: as the released inference code would be used (blend, normalise, multiply, top-10
both ways; only what the setting's factors touch is also timed), and from inner products of atoms that were multiplied
once and are kept in memory (a weighted sum of matrices for each set, then top-10). Its figures are float32, so one may
differ by a query or two from the landscapes', which are exact. Experts weigh the same, as in the recipe.
"""
import functools
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np
import torch

normalize = torch.nn.functional.normalize


def tensors(path):
    """The tensors of a safetensors file, and the description of its tables."""
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    size = struct.unpack("<Q", raw[:8].tobytes())[0]
    header = json.loads(raw[8:8 + size].tobytes())
    tables = json.loads(header.pop("__metadata__")["tables"])
    found = {}
    for name, entry in header.items():
        first, last = (8 + size + o for o in entry["data_offsets"])
        found[name] = torch.from_numpy(raw[first:last].view(np.float32).reshape(entry["shape"]).copy())
    return tables, found


class Side:
    """One side of a set: the base, and a layer for each reaction, each with its factor."""

    def __init__(self, table, name, rows, factors):
        self.base, self.layers, self.factors = rows[f"{name}/base"], [], []
        for layer in table["layers"]:
            greek = {"displacement": "lambda", "combination": "sigma"}[layer["reaction"]]
            letter = {"audio": "a", "image": "v", "text": "t"}[table["modality"]]
            names = (f"{greek}_{letter}", f"{greek}{layer['step'] + 1}_{letter}")
            self.factors += [next(n for n in names if n in factors)]
            self.layers += [[rows[f"{name}/{layer['step']}/{expert}"] for expert in layer["experts"]]]
        means = [normalize(sum(parts) / len(parts), dim=-1) for parts in self.layers]
        self.atoms = [normalize(self.base, dim=-1), *means]
        self.cosines = [[(self.atoms[j] * mean).sum(1) for j in range(k + 1)] for k, mean in enumerate(means)]

    def blend(self, factors):
        z = self.base
        for parts, factor in zip(self.layers, self.factors):
            share = factors[factor]
            z = normalize(share * normalize(sum(parts) / len(parts), dim=-1) + (1 - share) * z, dim=-1)
        return z

    def weights(self, factors):
        """Of the atoms, for every row: [rows, atoms]."""
        b = [torch.ones(len(self.base))]
        for cosines, factor in zip(self.cosines, self.factors):
            s = factors[factor]
            rho = sum(w * c for w, c in zip(b, cosines))
            length = (s * s + (1 - s) ** 2 + 2 * s * (1 - s) * rho).sqrt()
            b = [w * (1 - s) / length for w in b] + [s / length]
        return torch.stack(b, 1)


def recalls(scores, owner):
    """R@1/5/10 of both directions, and the first of them; owner[j]: row of the first side that row j belongs to."""
    forward = owner[scores.topk(min(10, scores.shape[1]), dim=1).indices]
    backward = scores.topk(min(10, scores.shape[0]), dim=0).indices.T
    hit_forward = forward == torch.arange(len(scores))[:, None]
    hit_backward = backward == owner[:, None]
    return [50 * (hit_forward[:, :k].any(1).float().mean() + hit_backward[:, :k].any(1).float().mean()).item()
            for k in (1, 5, 10)]


def top(scores, label):
    best = scores.topk(5, dim=1).indices
    scores.topk(min(10, scores.shape[0]), dim=0)  # classes look for items too
    hit = best == label[:, None]
    return [100 * hit[:, :k].any(1).float().mean().item() for k in (1, 5)]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, product = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "landscape.json"
        subprocess.run([program, str(product), "--json", str(file), *sys.argv[3:]], check=True)
        ours = json.loads(file.read_text())
    checked = ours["settings"][-1]
    factors = checked["factors"]
    alone = {f: f"touched by {f} alone" for f in factors}
    direct = dict.fromkeys(["straight", *alone.values(), "kept products"], 0.0)
    memory = 0
    worst = 0.0
    print(f"\nPyTorch {torch.__version__}, {torch.get_num_threads()} threads, best of 3 for each set, at {factors}")
    with torch.inference_mode():
        for name, figures in checked["figures"].items():
            tables, rows = tensors(product / "basis" / f"{name}.safetensors")
            x, y = (Side(tables[side], side, rows, factors) for side in ("first", "second"))
            del rows
            n, m = len(x.base), len(y.base)
            classes = "top-1" in figures
            if classes:
                label = torch.from_numpy(read_labels(product, name, n))
                answer = functools.partial(top, label=label)
                expected = [figures["top-1"], figures["top-5"]]
            else:
                owner = torch.arange(m) // (m // n)
                answer = functools.partial(recalls, owner=owner)
                expected = [figures["R@1"], figures["R@5"], figures["R@10"]]
            kept = [[a @ b.T for b in y.atoms] for a in x.atoms]
            memory = max(memory, sum(p.nbytes for row in kept for p in row))

            def straight():
                return answer(x.blend(factors) @ y.blend(factors).T)

            def from_products():
                a, b = x.weights(factors), y.weights(factors)
                total = None
                for i, row in enumerate(kept):
                    for j, p in enumerate(row):
                        part = p * a[:, i, None] * b[None, :, j]
                        total = part if total is None else total.add_(part)
                return answer(total)

            for label_, way in (("straight", straight), ("kept products", from_products)):
                best = float("inf")
                for _ in range(3):
                    begin = time.perf_counter()
                    result = way()
                    best = min(best, time.perf_counter() - begin)
                direct[label_] += best
                if label_ == "straight":
                    for f in {*x.factors, *y.factors}:
                        direct[alone[f]] += best
                worst = max(worst, max(abs(a - b) for a, b in zip(result, expected)))
            del kept
    point = ours["point_ms"]["p50"]
    print(f"{'':<44}{'PyTorch':>12}{'landscape':>12}{'ratio':>9}")
    for label_, seconds in direct.items():
        print(f"{'one setting, ' + label_:<44}{1e3 * seconds:>9.0f} ms{point:>9.3f} ms{1e3 * seconds / point:>9.0f}")
    for grid in ours["grids"]:
        whole = grid["points"] * direct["straight"]
        side = round(grid["points"] ** 0.5)
        label_ = f"grid of {side} x {side}, {' and '.join(grid['axes'])}"
        print(f"{label_:<44}{whole:>10.0f} s{grid['seconds']:>10.3f} s{whole / grid['seconds']:>9.0f}")
    print("(PyTorch's grids by multiplication)")
    print(f"largest difference of a figure {worst:.3f} points; kept products of the largest set {memory / 1e9:.1f} GB")
    if worst > 0.1:
        sys.exit("figures disagree")


def read_labels(product, name, n):
    """The class of every item, from the workspace."""
    record = json.loads((product / "product.json").read_text())
    with h5py.File(pathlib.Path(record["workspace"]) / "workspace.h5") as file:
        pairs = file[f"sets/{name}/pairs"][:]
    labels = np.zeros(n, dtype=np.int64)
    labels[pairs[:, 0]] = pairs[:, 1]
    return labels


if __name__ == "__main__":
    main()
