#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns embeddings into vectors of the space that this package describes. Needs Python 3.8 and numpy.

    python apply.py --list
    python apply.py --verify
    python apply.py --modality text --input ImageBind=x.npy --input CLAP_g=y.npy --input CLAP_m=z.npy --output out.npy
    python apply.py ... --setting "AT Expertise"
    python apply.py ... --set sigma_a=0.8 --set CLAP_m=off --set CLAP_g:TV=off

An input is a .npy, .npz (FILE#NAME) or .safetensors (FILE#NAME) of rows [n, width]; row i of all inputs is the same item.
The output is [n, width] float32, rows of unit length, .npy or .safetensors. As a module:

    import apply
    package = apply.Package("folder")
    vectors = package("text", {"ImageBind": x, "CLAP_g": y, "CLAP_m": z}, settings={"sigma_t": 0.5})

Method: z starts as the base space's row. A combination makes z = N(s * N(mean of the experts) + (1 - s) * z), an expert
being the mean of its active projectors' unit outputs. A displacement first maps z into the expert's space, z = N(mean of the
projectors of z), and then blends with the expert's own row. A combination "against": "joint" maps z too, by heads of its
own, before it blends. A tuning, before all else, makes the base's rows x of its modality N(x + adapter(x)); one with a
"space" makes z the row of that space, which a tuned encoder gave. N brings to unit length, s is the expert's share.
"""
import argparse
import json
import math
import os
import sys

import numpy as np

BATCH_NORM_EPS = 1e-5
SHORTEST = 1e-12
BLOCK = 2048
MAJOR = 1
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}


class PackageError(Exception):
    pass


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_header(path):
    """The JSON header of a .safetensors file and where its data begin."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > os.path.getsize(path) - 8:
            raise PackageError(f"{path}: the header is longer than the file")
        return json.loads(file.read(length)), 8 + length


def read_safetensors(path):
    """{name: array} of a .safetensors file, memory-mapped."""
    size = os.path.getsize(path)
    header, start = read_header(path)
    data = np.memmap(path, dtype=np.uint8, mode="r")
    out = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (start + offset for offset in entry["data_offsets"])
        if entry["dtype"] not in DTYPES:
            raise PackageError(f"{path}: {name} has the type {entry['dtype']}, expected one of {', '.join(DTYPES)}")
        dtype = np.dtype(DTYPES[entry["dtype"]])
        shape = tuple(entry["shape"])
        if not 0 <= begin <= end <= size or end - begin != dtype.itemsize * math.prod(shape):
            raise PackageError(f"{path}: {name} does not fit the file")
        out[name] = np.frombuffer(data[begin:end].tobytes(), dtype=dtype).reshape(shape)
    return out


def write_safetensors(path, name, array):
    header = json.dumps({name: {"dtype": "F32", "shape": list(array.shape), "data_offsets": [0, array.nbytes]}}).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        file.write(np.ascontiguousarray(array).tobytes())


def read_rows(text):
    path, _, name = text.partition("#")
    if path.endswith(".npy"):
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
    elif path.endswith((".npz", ".safetensors")):
        tables = np.load(path, allow_pickle=False) if path.endswith(".npz") else read_safetensors(path)
        names = list(tables.keys())
        if not name and len(names) == 1:
            name = names[0]
        if name not in names:
            raise PackageError(f"{path}: expected FILE#NAME with one of {', '.join(names)}")
        rows = tables[name]
    else:
        raise PackageError(f"{path}: expected a .npy, .npz or .safetensors")
    if rows.ndim != 2 or rows.dtype.kind != "f":
        raise PackageError(f"{path}: expected rows [n, width] in floating point, found {rows.dtype} {list(rows.shape)}")
    return rows


def normalise(x, what="a vector"):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    bad = ~(np.isfinite(length[:, 0]) & (length[:, 0] >= SHORTEST))
    if bad.any():
        raise PackageError(f"row {int(np.argmax(bad))}: {what} has length {length[bad][0, 0]}, so it has no direction")
    return x / length


class Projector:
    """Layers of Linear, BatchNorm and ReLU, then unit length; the norms are folded into the maps. A Linear stands at each
    place that has a weight of two dimensions, a BatchNorm right behind it, a ReLU where a place is left free. Rows of the
    modalities that "head1" names pass the Linear Head1 before."""

    def __init__(self, path):
        tensors, about = read_safetensors(path), read_header(path)[0].get("__metadata__", {})
        places = sorted(int(name.split(".")[2]) for name, tensor in tensors.items()
                        if name.startswith("Head2.mlps.") and name.endswith(".weight") and tensor.ndim == 2)
        self.layers = []
        for place, following in zip(places, [*places[1:], None]):
            get = lambda name: tensors[f"Head2.mlps.{name}"].astype(np.float64)
            weight, bias, end = get(f"{place}.weight"), get(f"{place}.bias"), place + 1
            if f"Head2.mlps.{end}.weight" in tensors and end != following:
                scale = get(f"{end}.weight") / np.sqrt(get(f"{end}.running_var") + BATCH_NORM_EPS)
                weight, bias = weight * scale[:, None], (bias - get(f"{end}.running_mean")) * scale + get(f"{end}.bias")
                end += 1
            relu = following > end if following is not None else about.get("last_layer") == "relu"
            self.layers.append((weight.astype(np.float32), bias, relu))  # half the memory; the sums stay float64
        self.head1 = None
        if "Head1.weight" in tensors:
            self.head1 = [tensors[f"Head1.{name}"].astype(np.float64) for name in ("weight", "bias")]
        self.head1_modalities = about.get("head1", "").split(",")

    def __call__(self, x, modality):
        if self.head1 and modality in self.head1_modalities:
            x = x @ self.head1[0].T + self.head1[1]
        return normalise(self.layered(x), "a projector's output")

    def layered(self, x):
        for weight, bias, relu in self.layers:
            x = x @ weight.T.astype(np.float64) + bias
            if relu:
                x = np.maximum(x, 0)
        return x


class Package:
    def __init__(self, folder):
        self.folder = folder
        self.manifest = read_json(os.path.join(folder, "manifest.json"))
        if self.manifest.get("format") != "molspace package":
            raise PackageError(f"{folder}: manifest.json is not that of a package")
        if self.manifest["format_version"][0] > MAJOR:
            raise PackageError(f"{folder}: the package is of a newer format; use the apply.py that came with it")
        product = read_json(os.path.join(folder, "product.json"))
        self.recipe = product["recipe"]
        self.spaces = {space["name"]: space for space in product["spaces"]}
        self.modalities = {name: entry["spaces"] for name, entry in self.manifest["modalities"].items()}
        self.factors = {factor["name"]: factor for factor in self.manifest["factors"]}
        self.experts = self.manifest["experts"]
        self._projectors = {}

    def in_force(self, settings):
        """(step, modality) -> share, (step, space) -> weight and (step, space) -> names of the active projectors, with
        `settings` over what the package has in force."""
        shares = {(f["step"], f["modality"]): f["value"] for f in self.manifest["factors"]}
        weights = {}
        for i, step in enumerate(self.recipe["route"]):
            for expert in step.get("experts", ()):
                weights[i, expert["space"]] = expert.get("weight", 1) if expert.get("enabled", True) else 0
        by_name = {e["name"]: (e["step"], e["space"]) for e in self.experts}
        active, switches = {}, {}
        for entry in self.experts:
            chosen = next(e for e in self.recipe["route"][entry["step"]]["experts"] if e["space"] == entry["space"])
            chosen = chosen.get("projectors") or entry["projectors"]
            for subset in entry["projectors"]:
                switches[f"{entry['name']}:{subset}"] = subset in chosen
        known = [*self.factors, *by_name, *switches]
        for name, value in (settings or {}).items():
            if name in self.factors:
                if not 0 <= value <= 1:
                    raise PackageError(f"{name}: expected an expert's share from 0 to 1, found {value}")
                shares[self.factors[name]["step"], self.factors[name]["modality"]] = value
            elif name in by_name:
                if not value >= 0 or math.isinf(value):
                    raise PackageError(f"{name}: expected a weight of 0 or more, found {value}")
                weights[by_name[name]] = value
            elif name in switches:
                if value not in (0, 1):
                    raise PackageError(f"{name}: expected a projector to be on or off, found {value}")
                switches[name] = bool(value)
            else:
                raise PackageError(f"there is no factor, expert or projector '{name}'; there are {', '.join(known)}")
        for entry in self.experts:
            names = [n for n in entry["projectors"] if switches[f"{entry['name']}:{n}"]]
            if not names:
                raise PackageError(f"{entry['name']}: no projector would be left on; switch the expert itself off instead")
            active[entry["step"], entry["space"]] = names
        return shares, weights, active

    def named(self, name):
        """The values of one of the recipe's named settings."""
        settings = self.recipe.get("settings", {})
        if name not in settings:
            raise PackageError(f"there is no setting '{name}'; there are {', '.join(settings) or 'none'}")
        entry = settings[name]
        return {**entry.get("factors", {}), **entry.get("expert_weights", {}), **entry.get("projectors", {})}

    def _ensemble(self, step, expert, names, x, modality, base=False):
        """The mean of an expert's projectors of these names, not normalised; `base`: of those beside them that take the
        product into a joint space."""
        entry = next(e for e in self.experts if e["step"] == step and e["space"] == expert["space"])
        total = 0
        for name in names:
            folder = os.path.join(entry["reaction"], "base") if base else entry["reaction"]
            key = folder, name
            if key not in self._projectors:
                path = os.path.join(self.folder, "reactions", folder, name + ".safetensors")
                self._projectors[key] = Projector(path)
            total = total + self._projectors[key](x, modality)
        return total / len(names)

    def _start(self, modality):
        """The step whose tuned encoder's rows take the place of all before it, and their space; else -1 and the base."""
        steps = [(i, step["space"]) for i, step in enumerate(self.recipe["route"])
                 if step.get("space") and step["modality"] == modality]
        return steps[-1] if steps else (-1, self.recipe["base"])

    def _block(self, modality, rows, shares, weights, active):
        has = lambda space: modality in self.spaces[space]["modalities"]
        tuned, base = self._start(modality)
        z = rows[base] if has(base) else None
        # Where the base lacks the modality, the first step with an expert that has it brings it: its share is 1.
        brought = None if z is not None else next(i for i, step in enumerate(self.recipe["route"])
                                                  if any(has(e["space"]) for e in step.get("experts", ())))
        # A tuning changes the base's rows, before any other step.
        for i, step in enumerate(self.recipe["route"]):
            if step["reaction"] == "tuning" and step["modality"] == modality and not step.get("space") and i > tuned and z is not None:
                path = os.path.join(self.folder, "reactions", f"{i + 1}-tuning", modality + ".safetensors")
                if (i, "tuning") not in self._projectors:
                    self._projectors[i, "tuning"] = Projector(path)
                adapter = self._projectors[i, "tuning"]
                z = normalise(z + adapter.layered(z), "the tuned vector")
        for i, step in enumerate(self.recipe["route"]):
            if step["reaction"] == "tuning" or i < tuned:
                continue
            displacement = step["reaction"] == "displacement"
            experts = [e for e in step["experts"] if has(e["space"])]
            share = shares.get((i, modality), 0.9 if displacement else 0.5)
            joint = step.get("against") == "joint"
            if (displacement or joint) and z is not None:
                first = step["experts"][0]
                z = normalise(self._ensemble(i, first, active[i, first["space"]], z, modality, base=joint), "the displaced vector")
            if not experts:
                continue
            if brought == i:
                share = 1
            used = [e for e in experts if weights[i, e["space"]] > 0]
            if not used or share == 0:
                continue
            for e in used:
                if e["space"] not in rows:
                    raise PackageError(f"{modality} needs embeddings of {e['space']}; without them, set its share to 0")
            own = lambda e: rows[e["space"]] if displacement else self._ensemble(i, e, active[i, e["space"]], rows[e["space"]], modality)
            mean = sum(weights[i, e["space"]] * own(e) for e in used)
            mean = normalise(mean, "the mean of the experts")
            z = mean if z is None else normalise(share * mean + (1 - share) * z, "the blend")
        if z is None:
            raise PackageError(f"every expert that brings {modality} is switched off")
        return normalise(z)

    def __call__(self, modality, rows, settings=None):
        """Product vectors [n, width] float32 from {space: [n, width]}; rows may have any length but 0."""
        if modality not in self.modalities:
            raise PackageError(f"there is no modality '{modality}'; there are {', '.join(self.modalities)}")
        needed = self.modalities[modality]
        for space, table in rows.items():
            if space not in needed:
                raise PackageError(f"{modality} takes no embeddings of '{space}'; it takes {', '.join(needed)}")
            if table.ndim != 2 or table.shape[1] != self.spaces[space]["width"]:
                raise PackageError(f"{space}: expected rows of width {self.spaces[space]['width']}, found {list(table.shape)}")
        base = self._start(modality)[1]
        if base in needed and base not in rows:
            raise PackageError(f"{modality} needs embeddings of {base}")
        counts = {space: len(table) for space, table in rows.items()}
        if len(set(counts.values())) != 1:
            raise PackageError(f"expected inputs with one number of rows, found {counts or 'none'}")
        n = next(iter(counts.values()))
        shares, weights, active = self.in_force(settings)
        out = np.empty((n, self.manifest["width"]), np.float32)
        for first in range(0, n, BLOCK):
            last = min(n, first + BLOCK)
            block = {}
            for space, table in rows.items():
                try:
                    block[space] = normalise(np.asarray(table[first:last], np.float64), f"the embedding of {space}")
                except PackageError as error:
                    raise PackageError(f"{error} (row counted from {first})") from None
            out[first:last] = self._block(modality, block, shares, weights, active)
        return out

    def verify(self):
        """{modality: the largest difference of a probe}; raises where one is above the tolerance."""
        tolerance = self.manifest["probes"]["tolerance"]
        tables = read_safetensors(os.path.join(self.folder, "probes.safetensors"))
        worst = {}
        for modality, spaces in self.modalities.items():
            found = self(modality, {space: tables[f"{modality}/input/{space}"] for space in spaces})
            difference = np.abs(found.astype(np.float64) - tables[f"{modality}/expected"])
            worst[modality] = float(difference.max())
            if not worst[modality] <= tolerance:  # not a number is a failure too
                raise PackageError(f"probes of {modality}: the largest difference is {worst[modality]:.2e}, more than {tolerance}")
        return worst


def parse_value(name, text):
    if text in ("on", "off"):
        return 1.0 if text == "on" else 0.0
    try:
        return float(text)
    except ValueError:
        raise PackageError(f"--set {name}={text}: expected a number, on or off") from None


def run(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", default=os.path.dirname(os.path.abspath(__file__)), help="folder of the package")
    parser.add_argument("--verify", action="store_true", help="compute the probe vectors again and compare")
    parser.add_argument("--list", action="store_true", help="say what the package takes")
    parser.add_argument("--modality")
    parser.add_argument("--input", action="append", default=[], metavar="SPACE=FILE")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a factor's share; an expert or a projector on or off")
    parser.add_argument("--setting", help="one of the recipe's named settings")
    parser.add_argument("--output", help=".npy or .safetensors")
    options = parser.parse_args(argv)
    package = Package(options.package)
    if options.list:
        for modality, spaces in package.modalities.items():
            print(f"{modality}: " + ", ".join(f"{s} [n, {package.spaces[s]['width']}]" for s in spaces))
        print("factors: " + ", ".join(f"{name}={f['value']:g}" for name, f in package.factors.items()))
        print("experts: " + ", ".join(e["name"] for e in package.experts))
        for entry, active in zip(package.experts, package.in_force({})[2].values()):
            print(f"projectors of {entry['name']}: " +
                  ", ".join(n if n in active else f"{n} (off)" for n in entry["projectors"]))
        return 0
    if options.verify:
        for modality, worst in package.verify().items():
            print(f"{modality}: largest difference {worst:.1e}")
        return 0
    if not options.modality or not options.input or not options.output:
        parser.error("expected --modality, --input and --output (or --list, --verify)")
    if not options.output.endswith((".npy", ".safetensors")):
        raise PackageError(f"{options.output}: expected an output that ends in .npy or .safetensors")
    rows, settings = {}, package.named(options.setting) if options.setting else {}
    for text in options.input:
        space, equals, file = text.partition("=")
        if not equals:
            raise PackageError(f"--input {text}: expected SPACE=FILE")
        rows[space] = read_rows(file)
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise PackageError(f"--set {text}: expected NAME=VALUE")
        settings[name] = parse_value(name, value)
    vectors = package(options.modality, rows, settings)
    partial = options.output + ".partial"
    if options.output.endswith(".npy"):
        with open(partial, "wb") as file:
            np.save(file, vectors)
    else:
        write_safetensors(partial, "embeddings", vectors)
    os.replace(partial, options.output)
    print(f"{options.output}: {vectors.shape[0]} rows of width {vectors.shape[1]}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(run())
    except (PackageError, OSError, ValueError, KeyError) as error:
        print(f"apply.py: {error}", file=sys.stderr)
        sys.exit(1)
