# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One factor setting at the paper's evaluation sizes: this engine beside PyTorch, on the same vectors in one run.

    python tests/bench/bench_evaluation.py build/release/tests/bench_evaluation

PyTorch does what the released inference code does: blend, normalise, multiply, top-10 in both directions. The engine's
figures are exact (float64 where it matters); PyTorch's are float32, so a figure may differ by a query or two.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch


def load(folder, name, part, width):
    path = folder / f"{name}.{part}.f32"
    return torch.from_numpy(np.fromfile(path, dtype=np.float32).reshape(-1, width)) if path.exists() else None


def blend(base, first, second, share):
    if first is None:
        return base
    mean = torch.nn.functional.normalize((first + second) / 2, dim=-1)
    return torch.nn.functional.normalize(share * mean + (1 - share) * base, dim=-1)


def recalls(x, y, captions):
    """R@1/5/10 of both directions; row j of y belongs to row j // captions of x."""
    scores = x @ y.T
    forward = scores.topk(10, dim=1).indices // captions
    backward = scores.topk(10, dim=0).indices.T
    hit_forward = forward == torch.arange(len(x))[:, None]
    hit_backward = backward == (torch.arange(len(y)) // captions)[:, None]
    return [50 * (hit_forward[:, :k].any(1).float().mean() + hit_backward[:, :k].any(1).float().mean()).item()
            for k in (1, 5, 10)]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([sys.argv[1], "--dump", folder], check=True, stdout=subprocess.DEVNULL)
        ours = json.loads((folder / "results.json").read_text())
        width = ours["width"]
        shares = {"audio": ours["share_audio"], "text": ours["share_text"], "image": 0}
        total = 0
        print(f"{'set':<12}{'items':>7}{'others':>8}{'PyTorch':>12}{'engine':>12}{'ratio':>8}   R@1 / R@5 / R@10 "
              "(PyTorch | engine)")
        for entry in ours["sets"]:
            sides = [[load(folder, f"{entry['name']}.{i}", part, width) for part in ("base", "first", "second")]
                     for i in (1, 2)]
            best = float("inf")
            with torch.inference_mode():
                for _ in range(3):
                    start = time.perf_counter()
                    x = blend(*sides[0], shares[entry["first"]])
                    y = blend(*sides[1], shares[entry["second"]])
                    theirs = recalls(x, y, entry["captions"])
                    best = min(best, time.perf_counter() - start)
            total += best
            figures = " / ".join(f"{v:.2f}" for v in theirs) + " | " + " / ".join(
                f"{entry['metrics'][name]:.2f}" for name in ("R@1", "R@5", "R@10"))
            print(f"{entry['name']:<12}{len(x):>7}{len(y):>8}{1000 * best:>9.1f} ms{1000 * entry['seconds']:>9.1f} ms"
                  f"{best / entry['seconds']:>8.2f}   {figures}")
            for a, b in zip(theirs, (entry["metrics"][name] for name in ("R@1", "R@5", "R@10"))):
                if abs(a - b) > 0.1:
                    sys.exit(f"{entry['name']}: figures disagree")
        print(f"{'all':<27}{1000 * total:>9.1f} ms{1000 * ours['seconds']:>9.1f} ms{total / ours['seconds']:>8.2f}   "
              f"(PyTorch {torch.__version__}, {torch.get_num_threads()} threads, best of 3 each)")


if __name__ == "__main__":
    main()
