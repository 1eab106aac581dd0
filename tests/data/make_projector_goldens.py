#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes projector_goldens.safetensors: one training step of a projector as PyTorch does it, for each case of
(direction, batch norm). Needs torch and safetensors. The cases are float64 rounded to float32, so that the file does not
depend on the machine."""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

IN, HIDDEN, OUT, ROWS, SOURCES, TARGETS, TEMPERATURE, RATE = 12, 20, 16, 48, 2, 3, 0.02, 1e-3
NAMES = ["w1", "b1", "gamma1", "beta1", "w2", "b2", "gamma2", "beta2"]


def main():
    torch.manual_seed(11)
    tensors = {}
    base = torch.randn(ROWS, 5)
    # float32 inputs, so that both sides begin with the same numbers.
    xs = [F.normalize(base @ torch.randn(5, IN) + torch.randn(ROWS, IN), dim=1) for _ in range(SOURCES)]
    ys = [F.normalize(base @ torch.randn(5, OUT) + torch.randn(ROWS, OUT), dim=1) for _ in range(TARGETS)]
    net = torch.nn.Sequential(torch.nn.Linear(IN, HIDDEN), torch.nn.BatchNorm1d(HIDDEN), torch.nn.ReLU(),
                              torch.nn.Linear(HIDDEN, OUT), torch.nn.BatchNorm1d(OUT))
    for norm in (net[1], net[4]):
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.normal_(norm.bias, 0, 0.2)
    start = {k: v.clone() for k, v in net.state_dict().items()}
    parameters = [net[0].weight, net[0].bias, net[1].weight, net[1].bias, net[3].weight, net[3].bias, net[4].weight,
                  net[4].bias]
    for name, value in zip(NAMES, parameters):
        tensors["start." + name] = value.detach().clone()
    for i, x in enumerate(xs):
        tensors[f"x{i}"] = x
    for i, y in enumerate(ys):
        tensors[f"y{i}"] = y
    for direction in ("symmetric", "source_to_target", "target_to_source"):
        for norm in ("per_modality", "joint"):
            net.load_state_dict(start)
            net.double()
            optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
            x64, y64 = [x.double() for x in xs], [y.double() for y in ys]
            if norm == "joint":
                outputs = F.normalize(net(torch.cat(x64)), dim=-1).chunk(SOURCES)
            else:
                outputs = [F.normalize(net(x), dim=-1) for x in x64]
            loss, match = 0, torch.arange(ROWS)
            for p in outputs:
                for q in y64:
                    logits = p @ q.T / TEMPERATURE
                    rows, columns = F.cross_entropy(logits, match), F.cross_entropy(logits.T, match)
                    loss = loss + {"symmetric": (rows + columns) / 2, "source_to_target": rows,
                                   "target_to_source": columns}[direction]
            optimizer.zero_grad()
            loss.backward()
            case = f"{direction}.{norm}."
            tensors[case + "loss"] = loss.detach().reshape(1).float()
            tensors[case + "outputs"] = torch.cat(list(outputs)).detach().float()
            for name, value in zip(NAMES, parameters):
                tensors[case + "gradient." + name] = value.grad.float()
            optimizer.step()
            for name, value in zip(NAMES, parameters):
                tensors[case + "after." + name] = value.detach().float()
            for layer, suffix in ((1, "1"), (4, "2")):
                tensors[case + "mean" + suffix] = net[layer].running_mean.float()
                tensors[case + "variance" + suffix] = net[layer].running_var.float()
            net.float()
    save_file({k: v.contiguous() for k, v in tensors.items()}, pathlib.Path(__file__).with_name("projector_goldens.safetensors"))


if __name__ == "__main__":
    main()
