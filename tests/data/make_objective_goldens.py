#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes objective_goldens.safetensors: one training step of C-MCR's and Ex-MCR's objectives and heads as PyTorch does
it, for each case of kCases. Needs torch and safetensors. The cases are float64 rounded to float32, so that the file does
not depend on the machine. The losses are written out case by case, with no rule that picks terms."""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

ROWS, IN, OUT, RATE, LAMBDA = 48, 12, 16, 1e-3, 0.1


def mlp(a, b, c):
    return [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c), nn.BatchNorm1d(c)]


class Head(nn.Module):
    def __init__(self, layers, head1, width):
        super().__init__()
        self.head1 = nn.Linear(width, width) if head1 else None
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return F.normalize(self.layers(x), dim=-1)

    def named(self):
        """The engine's names."""
        found, k = {}, 0
        if self.head1 is not None:
            found["head1.w"], found["head1.b"] = self.head1.weight, self.head1.bias
        for module in self.layers:
            if isinstance(module, nn.Linear):
                k += 1
                found[f"w{k}"], found[f"b{k}"] = module.weight, module.bias
            elif isinstance(module, nn.BatchNorm1d):
                found[f"gamma{k}"], found[f"beta{k}"] = module.weight, module.bias
        return found

    def statistics(self):
        norms = [m for m in self.layers if isinstance(m, nn.BatchNorm1d)]
        return {f"{what}{k + 1}": tensor for k, m in enumerate(norms)
                for what, tensor in (("mean", m.running_mean), ("variance", m.running_var))}


def info(p, q, tau):
    logits, match = p @ q.T / tau, torch.arange(len(p))
    return (F.cross_entropy(logits, match) + F.cross_entropy(logits.T, match)) / 2


def distance(a, b):
    return torch.linalg.vector_norm(a - b, dim=1).mean()


def c_mcr_displacement(head, x, y):
    t, v, a = (head(x[m]) for m in "TVA")
    intra = (distance(t, v) + distance(t, a) + distance(v, a)) / 3
    return [t, v, a], info(t, y["T"], 0.01) + info(a, y["V"], 0.01) + LAMBDA * intra


def c_mcr_joint_norm(head, x, y):
    t, a = head(torch.cat([x["T"], x["A"]])).chunk(2)
    return [t, a], info(t, y["T"], 0.01) + info(a, y["V"], 0.01) + LAMBDA * distance(t, a)


def ex_mcr_displacement(head, x, y):
    linear = head.head1(x["A"])
    t, v, a = head(x["T"]), head(x["V"]), head(linear)
    inter = sum(info(p, q, 0.02) for p in (t, v, a) for q in (y["T"], y["V"])) / 6
    return [t, v, a], inter + LAMBDA * (distance(linear, x["T"]) + distance(linear, x["V"])) / 2


def ex_mcr_extension(head, x, y):
    linear = head.head1(x["A"])
    t, a = head(x["T"]), head(linear)
    inter = (info(a, y["V"], 0.02) + info(a, y["T"], 0.02) + info(t, y["V"], 0.02) + info(t, y["T"], 0.02)) / 4
    return [t, a], inter + LAMBDA * distance(linear, x["T"])


def ex_mcr_nothing_lacking(head, x, y):
    t, v = head(x["T"]), head(x["V"])
    inter = sum(info(p, q, 0.02) for p in (t, v) for q in (y["T"], y["V"], y["A"])) / 6
    return [t, v], inter + LAMBDA * distance(t, v)


def c_mcr_system(heads, x, y):
    """Both spaces are projected, by a head each."""
    t_a, a = (heads[0](x[m]) for m in "TA")
    t_v, v = (heads[1](y[m]) for m in "TV")
    inter = info(t_a, t_v, 0.01) + info(a, v, 0.01)
    return [t_a, a, t_v, v], inter + LAMBDA * (distance(t_a, a) + distance(t_v, v)) / 2


# name: layers, width in, width out, Head1, sources, targets, the loss, the optimiser
kCases = {
    "c_mcr_displacement": (mlp(IN, 2 * IN, OUT), IN, OUT, False, "TVA", "TV", c_mcr_displacement, "adam"),
    "c_mcr_joint_norm": (mlp(IN, 2 * IN, OUT), IN, OUT, False, "TA", "TVA", c_mcr_joint_norm, "adamw"),
    "ex_mcr_displacement": (mlp(IN, OUT, OUT) + mlp(OUT, 2 * OUT, OUT), IN, OUT, True, "TVA", "TV",
                            ex_mcr_displacement, "adam"),
    "ex_mcr_extension": (mlp(OUT, 2 * OUT, OUT) + mlp(OUT, 2 * OUT, OUT), OUT, OUT, True, "TA", "TV",
                         ex_mcr_extension, "adam"),
    "ex_mcr_nothing_lacking": (mlp(IN, OUT, OUT) + mlp(OUT, 2 * OUT, OUT), IN, OUT, False, "TV", "TVA",
                               ex_mcr_nothing_lacking, "adam_decay"),
    "c_mcr_system": (mlp(IN, 2 * IN, OUT), IN, OUT, False, "TA", "TV", c_mcr_system, "adamw"),
}


def main():
    torch.manual_seed(12)
    tensors = {}
    base = torch.randn(ROWS, 5)

    def unit(width):
        return F.normalize(base @ torch.randn(5, width) + torch.randn(ROWS, width), dim=1)

    for name, (layers, width_in, width_out, head1, sources, targets, loss_of, optimiser) in kCases.items():
        head = Head(layers, head1, width_in)
        heads = nn.ModuleList([head])
        if name == "c_mcr_system":
            heads.append(Head(mlp(OUT, 2 * OUT, OUT), False, OUT))

        def named():
            return {prefix + key: value for prefix, h in zip(("", "partner."), heads) for key, value in h.named().items()}

        for module in heads.modules():
            if isinstance(module, nn.BatchNorm1d):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.2)
        # float32 inputs, so that both sides begin with the same numbers.
        x, y = {m: unit(width_in) for m in sources}, {m: unit(width_out) for m in targets}
        for key, value in named().items():
            tensors[f"{name}.start.{key}"] = value.detach().clone()
        for side, rows in (("x", x), ("y", y)):
            for i, m in enumerate(rows):
                tensors[f"{name}.{side}{i}"] = rows[m]
        heads.double()
        optimizer = {"adam": lambda p: torch.optim.Adam(p, lr=RATE),
                     "adamw": lambda p: torch.optim.AdamW(p, lr=RATE, weight_decay=0.02),
                     "adam_decay": lambda p: torch.optim.Adam(p, lr=RATE, weight_decay=0.02)}[optimiser](heads.parameters())
        outputs, loss = loss_of(heads if len(heads) > 1 else head, {m: r.double() for m, r in x.items()}, {m: r.double() for m, r in y.items()})
        optimizer.zero_grad()
        loss.backward()
        tensors[f"{name}.loss"] = loss.detach().reshape(1).float()
        tensors[f"{name}.outputs"] = torch.cat(outputs).detach().float()
        for key, value in named().items():
            tensors[f"{name}.gradient.{key}"] = value.grad.float()
        optimizer.step()
        for key, value in named().items():
            tensors[f"{name}.after.{key}"] = value.detach().float()
        for prefix, h in zip(("", "partner."), heads):
            for key, value in h.statistics().items():
                tensors[f"{name}.{prefix}{key}"] = value.float()
    save_file({k: v.contiguous() for k, v in tensors.items()},
              pathlib.Path(__file__).with_name("objective_goldens.safetensors"))
    pathlib.Path(__file__).with_name("objective_goldens.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
