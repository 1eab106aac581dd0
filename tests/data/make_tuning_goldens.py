#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes tuning_goldens.safetensors: one training step of the residual adapter that stands in for a tuned encoder, as
PyTorch does it, through two frozen displacements of two projectors and of one. Needs torch and safetensors. float64
rounded to float32, so that the file does not depend on the machine."""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

ROWS, IN, HIDDEN, MIDDLE, OUT, TEMPERATURE, RATE = 32, 8, 6, 9, 7, 0.02, 1e-3


def projector(a, b, c):
    net = nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c), nn.BatchNorm1d(c))
    for norm in (net[1], net[4]):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias, 0, 0.2)
        nn.init.normal_(norm.running_mean, 0, 0.2)
        nn.init.uniform_(norm.running_var, 0.5, 1.5)
    return net.eval().requires_grad_(False)


def main():
    torch.manual_seed(14)
    tensors = {}
    route = [[projector(IN, 10, MIDDLE), projector(IN, 10, MIDDLE)], [projector(MIDDLE, 12, OUT)]]
    base = torch.randn(ROWS, 4)
    x = F.normalize(base @ torch.randn(4, IN) + torch.randn(ROWS, IN), dim=1)
    y = F.normalize(base @ torch.randn(4, OUT) + torch.randn(ROWS, OUT), dim=1)
    one, two = nn.Linear(IN, HIDDEN), nn.Linear(HIDDEN, IN)
    parameters = {"w1": one.weight, "b1": one.bias, "w2": two.weight, "b2": two.bias}
    tensors["x"], tensors["y"] = x.clone(), y.clone()
    for key, value in parameters.items():
        tensors[f"start.{key}"] = value.detach().clone()
    for d, projectors in enumerate(route):
        for j, net in enumerate(projectors):
            for k, (linear, norm) in enumerate(((net[0], net[1]), (net[3], net[4])), 1):
                for key, value in (("w", linear.weight), ("b", linear.bias), ("gamma", norm.weight), ("beta", norm.bias),
                                   ("mean", norm.running_mean), ("variance", norm.running_var)):
                    tensors[f"route.{d}.{j}.{key}{k}"] = value.detach().clone()
            net.double()
    one.double(), two.double()
    optimizer = torch.optim.Adam([*one.parameters(), *two.parameters()], lr=RATE)
    tuned = F.normalize(x.double() + two(F.relu(one(x.double()))), dim=1)
    z = tuned
    for projectors in route:
        z = F.normalize(torch.stack([F.normalize(net(z), dim=1) for net in projectors]).mean(0), dim=1)
    logits, match = z @ y.double().T / TEMPERATURE, torch.arange(ROWS)
    loss = (F.cross_entropy(logits, match) + F.cross_entropy(logits.T, match)) / 2
    optimizer.zero_grad()
    loss.backward()
    tensors["loss"] = loss.detach().reshape(1).float()
    tensors["tuned"], tensors["outputs"] = tuned.detach().float(), z.detach().float()
    for key, value in parameters.items():
        tensors[f"gradient.{key}"] = value.grad.float()
    optimizer.step()
    for key, value in parameters.items():
        tensors[f"after.{key}"] = value.detach().float()
    path = pathlib.Path(__file__).with_name("tuning_goldens.safetensors")
    save_file({k: v.contiguous() for k, v in tensors.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
