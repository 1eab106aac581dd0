# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small encoder as TorchScript, and its inputs, for a generated world: make_encoder.py WORLD FOLDER.

An item is the base's embedding turned by a fixed rotation, as [2, width / 2]. The encoder turns it back, by a layer that does
not move, and adds a small network that begins as nothing: so it gives the embeddings that the workspace has, until it is
tuned."""
import pathlib
import sys

import h5py
import numpy as np
import torch

SPACE, MODALITY = "ImageBind", "audio"


class SmallEncoder(torch.nn.Module):
    def __init__(self, rotation):
        super().__init__()
        width = rotation.shape[0]
        self.stem = torch.nn.Linear(width, width, bias=False)
        self.hidden = torch.nn.Linear(width, 32)
        self.dropout = torch.nn.Dropout(0.5)
        self.out = torch.nn.Linear(32, width)
        with torch.no_grad():
            self.stem.weight.copy_(torch.from_numpy(rotation))
            self.out.weight.zero_()
            self.out.bias.zero_()
        self.stem.weight.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x.flatten(1))
        return x + self.out(self.dropout(torch.relu(self.hidden(x))))


def tables(world):
    """Where the inputs' datasets go, and the base's rows of the same items."""
    with h5py.File(pathlib.Path(world) / "workspace.h5") as file:
        for name, pool in file["pools"].items():
            if MODALITY in pool and SPACE in pool[MODALITY]["embeddings"]:
                yield f"pools/{name}/{MODALITY}", pool[MODALITY]["embeddings"][SPACE][:]
        for name, group in file["sets"].items():
            for side in ("first", "second"):
                if group[side].attrs["modality"] in (MODALITY, MODALITY.encode()) and SPACE in group[side]["embeddings"]:
                    yield f"sets/{name}/{side}", group[side]["embeddings"][SPACE][:]


def make(world, folder, seed=1):
    torch.manual_seed(seed)
    rotation = None
    with h5py.File(pathlib.Path(folder) / "inputs.h5", "w") as file:
        for dataset, rows in tables(world):
            rows = rows.astype(np.float32)
            if rotation is None:
                width = rows.shape[1]
                rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((width, width)))[0].astype(np.float32)
            file[dataset] = (rows @ rotation).reshape(len(rows), 2, -1)
    torch.jit.script(SmallEncoder(rotation).train()).save(str(pathlib.Path(folder) / "encoder.pt"))


if __name__ == "__main__":
    make(*sys.argv[1:3])
