#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes router_goldens.safetensors: one training step of the routers of a product as PyTorch does it: text of three
spaces, sound of two, pictures of one. Needs torch and safetensors. float64 rounded to float32, so that the file does not
depend on the machine."""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

ROWS, WIDTH, HIDDEN, SECOND, TEMPERATURE, RATE = 40, 10, 14, 9, 0.02, 1e-3
SIDES = {"text": (3, 10.0), "audio": (2, 1.0), "image": (1, 1.0)}


class Router(nn.Module):
    def __init__(self, spaces, sharpness):
        super().__init__()
        self.spaces, self.sharpness = spaces, sharpness
        self.one, self.norm1 = nn.Linear(spaces * WIDTH, HIDDEN), nn.BatchNorm1d(HIDDEN)
        self.two, self.norm2 = nn.Linear(HIDDEN, SECOND), nn.BatchNorm1d(SECOND)
        self.three = nn.Linear(SECOND, spaces)

    def forward(self, x):
        h = torch.tanh(self.norm2(self.two(F.relu(self.norm1(self.one(x))))))
        return torch.softmax(self.sharpness * torch.sigmoid(self.three(h)), dim=1)

    def named(self):
        return {"w1": self.one.weight, "b1": self.one.bias, "gamma1": self.norm1.weight, "beta1": self.norm1.bias,
                "w2": self.two.weight, "b2": self.two.bias, "gamma2": self.norm2.weight, "beta2": self.norm2.bias,
                "w3": self.three.weight, "b3": self.three.bias}


def info(p, q):
    logits, match = p @ q.T / TEMPERATURE, torch.arange(len(p))
    return (F.cross_entropy(logits, match) + F.cross_entropy(logits.T, match)) / 2


def main():
    torch.manual_seed(13)
    tensors = {}
    base = torch.randn(ROWS, 4)
    rows = {m: torch.cat([F.normalize(base @ torch.randn(4, WIDTH) + torch.randn(ROWS, WIDTH), dim=1) * (1 if k == 0 else 0.8)
                          for k in range(spaces)], dim=1) for m, (spaces, _) in SIDES.items()}
    routers = nn.ModuleDict({m: Router(*about) for m, about in SIDES.items() if about[0] > 1})
    for router in routers.values():
        for norm in (router.norm1, router.norm2):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias, 0, 0.2)
    for m, x in rows.items():
        tensors[f"{m}.x"] = x.clone()
    for m, router in routers.items():
        for key, value in router.named().items():
            tensors[f"{m}.start.{key}"] = value.detach().clone()
    routers.double()
    optimizer = torch.optim.Adam(routers.parameters(), lr=RATE)
    z, w = {}, {}
    for m, x in rows.items():
        x = x.double()
        w[m] = routers[m](x) if m in routers else torch.ones(ROWS, 1).double()
        parts = x.reshape(ROWS, -1, WIDTH)
        z[m] = F.normalize(sum(w[m][:, k:k + 1] * parts[:, k] for k in range(parts.shape[1])), dim=1)
    loss = info(z["text"], z["audio"]) + info(z["text"], z["image"]) + info(z["audio"], z["image"])
    optimizer.zero_grad()
    loss.backward()
    tensors["loss"] = loss.detach().reshape(1).float()
    for m, router in routers.items():
        tensors[f"{m}.weights"], tensors[f"{m}.vectors"] = w[m].detach().float(), z[m].detach().float()
        for key, value in router.named().items():
            tensors[f"{m}.gradient.{key}"] = value.grad.float()
    optimizer.step()
    for m, router in routers.items():
        for key, value in router.named().items():
            tensors[f"{m}.after.{key}"] = value.detach().float()
        # As it is used: with the running statistics.
        router.eval()
        tensors[f"{m}.used"] = router(rows[m].double()).detach().float()
        for k, norm in (("1", router.norm1), ("2", router.norm2)):
            tensors[f"{m}.mean{k}"], tensors[f"{m}.variance{k}"] = norm.running_mean.float(), norm.running_var.float()
    path = pathlib.Path(__file__).with_name("router_goldens.safetensors")
    save_file({k: v.contiguous() for k, v in tensors.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
