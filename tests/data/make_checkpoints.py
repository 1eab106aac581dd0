#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes checkpoints/*.pt: small files of torch.save, of each layout and format, that fuzz tests begin with. Needs torch."""
import pathlib

import torch

from released_heads import CmcrHeads, ExMcrHead, FreeBindHead, TunedAudio, random_state


def main():
    folder = pathlib.Path(__file__).parent / "checkpoints"
    folder.mkdir(exist_ok=True)
    head = random_state(FreeBindHead(3, 4, 2), 1).state_dict()
    torch.save(head, folder / "freebind.pt")
    torch.save(head, folder / "freebind-protocol-4.pt", pickle_protocol=4)
    torch.save(head, folder / "freebind-legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(random_state(CmcrHeads(3, 4, 3), 2).state_dict(), folder / "cmcr.pt")
    torch.save(random_state(ExMcrHead(3, 4, 2, 4), 3).half().state_dict(), folder / "exmcr-half.pt")
    torch.save(random_state(TunedAudio(3, 4, 2), 4).state_dict(), folder / "tuned.pt")


if __name__ == "__main__":
    main()
