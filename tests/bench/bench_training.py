# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Training steps at batch 4096: this engine beside PyTorch eager, on the same rows and weights in one run.

    python tests/bench/bench_training.py build/release/tests/bench_training [STEPS [DEVICE]]

512 -> 1024 is a combination (audio and text of CLAP onto all three of ImageBind), 1024 -> 768 a displacement (all three of
ImageBind onto image and text of InternVL). Best step of each; the losses of both must agree. On a GPU PyTorch's rows lie
there already, while the engine brings them from the host's memory in every step, as it does in training.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

BATCH, HIDDEN, TAU = 4096, 2048, 0.02


def synchronize():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def info_nce(a, b):
    logits = a @ b.T / TAU
    here = torch.arange(len(a), device=a.device)
    return 0.5 * (F.cross_entropy(logits, here) + F.cross_entropy(logits.T, here))


def eager(net, x, y, steps):
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    best, losses = float("inf"), []
    for _ in range(steps):
        synchronize()
        start = time.perf_counter()
        adam.zero_grad()
        z = [F.normalize(net(rows), dim=-1) for rows in x]
        loss = sum(info_nce(a, b) for a in z for b in y)
        loss.backward()
        adam.step()
        synchronize()
        best = min(best, time.perf_counter() - start)
        losses.append(loss.item())
    return best, losses


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    device = sys.argv[3] if len(sys.argv) > 3 else "cpu"
    torch.manual_seed(0)
    where = f"{torch.get_num_threads()} threads" if device == "cpu" else torch.cuda.get_device_name(device)
    print(f"batch {BATCH}, hidden {HIDDEN}, {where}, PyTorch {torch.__version__} eager; best of {steps} steps")
    for width_in, width_out, sources, targets in ((512, 1024, 2, 3), (1024, 768, 3, 2)):
        net = nn.Sequential(nn.Linear(width_in, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, width_out), nn.BatchNorm1d(width_out))
        latent = torch.randn(BATCH, 64)
        x = [F.normalize(latent @ torch.randn(64, width_in) + torch.randn(BATCH, width_in), dim=-1) for _ in range(sources)]
        y = [F.normalize(latent @ torch.randn(64, width_out) + torch.randn(BATCH, width_out), dim=-1) for _ in range(targets)]
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            save_file({f"Head2.mlps.{k}": v.clone() for k, v in net.state_dict().items()}, folder / "start.safetensors")
            for side, rows in (("x", x), ("y", y)):
                for i, r in enumerate(rows):
                    r.numpy().astype(np.float32).tofile(folder / f"{side}{i}.f32")
            words = [sys.argv[1], folder, sources, targets, BATCH, steps, *([] if device == "cpu" else [device])]
            ours = json.loads(subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout)
        theirs, losses = eager(net.to(device), [r.to(device) for r in x], [r.to(device) for r in y], steps)
        # Forward and backward, weights and logits, in multiply-adds times two.
        flops = 6 * BATCH * HIDDEN * (width_in + width_out) * sources - 2 * BATCH * HIDDEN * width_in * sources
        flops += 4 * BATCH * BATCH * width_out * sources * targets
        print(f"{width_in:>5} -> {width_out:<5} PyTorch {1 / theirs:6.3f} steps/s {flops / theirs / 1e9:6.1f} GFLOP/s"
              f"   engine {1 / ours['seconds']:6.3f} steps/s {flops / ours['seconds'] / 1e9:6.1f} GFLOP/s   ratio {theirs / ours['seconds']:.2f}"
              f"   losses {losses[0]:.5f} {losses[-1]:.5f} | {ours['losses'][0]:.5f} {ours['losses'][-1]:.5f}")
        if not np.allclose(losses[:2], ours["losses"][:2], rtol=1e-4):
            sys.exit("the losses disagree")


if __name__ == "__main__":
    main()
