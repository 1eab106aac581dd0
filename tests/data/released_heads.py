# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The projectors of FreeBind, C-MCR and Ex-MCR as plain PyTorch modules, with the released code's names of tensors and any
widths. Tests load checkpoints into them strictly and compare outputs."""
import torch
from torch import nn
from torch.nn import functional as F


def block(in_width, out_width, relu):
    layers = [nn.Linear(in_width, out_width), nn.BatchNorm1d(out_width)]
    return nn.Sequential(*layers, *([nn.ReLU()] if relu else []))


class FreeBindHead(nn.Module):
    """Reaction_Head_mini."""

    def __init__(self, in_width, hidden, out_width):
        super().__init__()
        self.Head2 = nn.Module()
        self.Head2.mlps = nn.Sequential(nn.Linear(in_width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(),
                                        nn.Linear(hidden, out_width), nn.BatchNorm1d(out_width))

    def forward(self, x):
        return F.normalize(self.Head2.mlps(x), dim=-1)


class Mlp(nn.Module):
    def __init__(self, in_width, hidden, out_width):
        super().__init__()
        self.net1, self.net2 = block(in_width, hidden, True), block(hidden, out_width, False)

    def forward(self, x):
        return self.net2(self.net1(x))


class HalfMlp(nn.Module):
    def __init__(self, in_width, out_width):
        super().__init__()
        self.net = block(in_width, out_width, True)

    def forward(self, x):
        return self.net(x)


class CmcrHeads(nn.Module):
    """CLAPCLIP_Head, or ULIPCLIP_Head where `half`. Normalised outside of the heads."""

    def __init__(self, in_width, hidden, out_width, half=False):
        super().__init__()
        for name in ("Head_A", "Head_B"):
            setattr(self, name, HalfMlp(in_width, out_width) if half else Mlp(in_width, hidden, out_width))

    def forward(self, x):
        return torch.stack([F.normalize(head(x), dim=-1) for head in (self.Head_A, self.Head_B)])


class ExMcrHead(nn.Module):
    """Ex_MCR_Head: Head1 for the modality that the base lacks; not normalised before Head2."""

    def __init__(self, in_width, hidden, out_width, hidden2):
        super().__init__()
        self.Head1 = nn.Linear(in_width, in_width)
        self.Head2 = nn.Module()
        self.Head2.mlp1, self.Head2.mlp2 = Mlp(in_width, hidden, out_width), Mlp(out_width, hidden2, out_width)

    def forward(self, x, through_head1=True):
        x = self.Head1(x) if through_head1 else x
        return F.normalize(self.Head2.mlp2(self.Head2.mlp1(x)), dim=-1)


class TunedAudio(nn.Module):
    """InternVL_IB†'s audio: an encoder (a stand-in here, with some of ImageBind's names) and seven heads."""

    def __init__(self, in_width, hidden, out_width):
        super().__init__()
        self.ib = nn.ModuleDict({"modality_trunks": nn.ModuleDict({"audio": nn.Linear(4, 4)}),
                                 "modality_heads": nn.ModuleDict({"audio": nn.Linear(4, in_width, bias=False)})})
        self.ib_head = nn.Module()
        self.ib_head.projectors = nn.ModuleList(FreeBindHead(in_width, hidden, out_width) for _ in range(7))


def random_state(module, seed):
    """Every tensor random, variances and gammas positive; the module is in eval mode afterwards."""
    torch.manual_seed(seed)
    for name, value in module.state_dict().items():
        if name.endswith("tracked"):
            value.fill_(3080)
        elif name.endswith(("running_var", "1.weight", "4.weight")) and value.dim() == 1:
            value.copy_(0.5 + torch.rand_like(value))
        else:
            value.copy_(0.3 * torch.randn_like(value))
    return module.eval()
