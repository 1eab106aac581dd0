# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retrieval of pseudo pairs: this engine beside PyTorch and the machine's matrix rate, on the same rows in one run.

    python tests/bench/bench_pairs.py build/release/tests/bench_pairs [QUERIES KEYS [DEVICE]]

Text guides CLAP's text and ImageBind's (512 -> 512 + 1024), and ImageBind's text its image and audio (1024 -> 1024). PyTorch
takes queries in chunks, so that it too holds no whole matrix of weights. Best of three each; results must agree within 1e-5.
On a GPU PyTorch's rows lie there already.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from torch.nn import functional as F

TAU, CHUNK, ROUNDS = 0.01, 512, 3


def synchronize():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def timed(work):
    best, out = float("inf"), None
    for _ in range(ROUNDS):
        synchronize()
        start = time.perf_counter()
        out = work()
        synchronize()
        best = min(best, time.perf_counter() - start)
    return best, out


def softmax_average(queries, keys, values):
    outs = [[] for _ in values]
    for q in queries.split(CHUNK):
        weights = torch.softmax(q @ keys.T / TAU, dim=1)
        for out, v in zip(outs, values):
            out.append(F.normalize(weights @ v, dim=-1))
    return [torch.cat(o) for o in outs]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    n, m = (int(sys.argv[2]), int(sys.argv[3])) if len(sys.argv) > 3 else (2048, 100000)
    device = sys.argv[4] if len(sys.argv) > 4 else "cpu"
    torch.manual_seed(0)
    a, b = torch.randn(4096, 4096, device=device), torch.randn(4096, 4096, device=device)
    rate = 2 * 4096 ** 3 / timed(lambda: a @ b)[0] / 1e9
    where = f"{torch.get_num_threads()} threads" if device == "cpu" else torch.cuda.get_device_name(device)
    print(f"{n} queries, {m} keys, {where}, PyTorch {torch.__version__}; matrix product 4096 cubed {rate:.1f} GFLOP/s")
    for width, value_widths in ((512, (512, 1024)), (1024, (1024,))):
        topics = F.normalize(torch.randn(500, width), dim=-1)
        rows = [F.normalize(topics[torch.randint(500, (count,))] + 0.6 * F.normalize(torch.randn(count, width), dim=-1), dim=-1) for count in (n, m)]
        values = [F.normalize(torch.randn(m, w), dim=-1) for w in value_widths]
        with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
            folder = pathlib.Path(folder)
            for name, matrix in [("queries", rows[0]), ("keys", rows[1]), *((f"value{i}", v) for i, v in enumerate(values))]:
                matrix.numpy().tofile(folder / f"{name}.f32")
            words = [sys.argv[1], folder, n, m, width, TAU, ROUNDS, device, *value_widths]
            ours = json.loads(subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout)["seconds"]
            outs = [torch.from_numpy(np.fromfile(folder / f"out{i}.f32", dtype=np.float32).reshape(n, -1)) for i in range(len(values))]
            there, there_values = [r.to(device) for r in rows], [v.to(device) for v in values]
            theirs, expected = timed(lambda: softmax_average(*there, there_values))
        flops = 2 * n * m * (width + sum(value_widths))
        difference = max((x - y.cpu()).abs().max().item() for x, y in zip(outs, expected))
        print(f"{width:>5} -> {' + '.join(map(str, value_widths)):<11} PyTorch {n / theirs:8.0f} queries/s {flops / theirs / 1e9:6.1f} GFLOP/s"
              f"   engine {n / ours:8.0f} queries/s {flops / ours / 1e9:6.1f} GFLOP/s = {100 * flops / ours / 1e9 / rate:.0f} % of the matrix rate"
              f"   ratio {theirs / ours:.2f}   largest difference {difference:.1e}")
        if difference > 1e-5:
            sys.exit("the results disagree")


if __name__ == "__main__":
    main()
