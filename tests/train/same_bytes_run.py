"""Trains every kind of network for some steps and prints a digest of all that each learned.

Usage: same_bytes_run.py FOLDER [INSTRUCTION-SET]; kernels are compiled for that set, and every run
is on as many threads as ``OMP_NUM_THREADS`` says.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from runs import CONFIG, make_adder, make_dataset, make_images

from lgn2hdl.datasets import load_dataset
from lgn2hdl.tools import native
from lgn2hdl.train.kernels import cpu, exact
from lgn2hdl.train.loop import checkpoint as checkpoints
from lgn2hdl.train.loop.loop import train

cpu.LEAST_NANOSECONDS, exact.PIECES_OF_WORTH = 1e-9, 2  # threads for any work

BASE = CONFIG.changed(steps=10, evaluate_every=5, checkpoint_every=0, layers=(60, 34))
"""A width that no vector divides."""

HARD = BASE.changed(sampling="hard", batch_size=50)

CASES = {
    "gates": BASE.changed(relaxation="softmax16", label_smoothing=0.1, learn_tau=True),
    "gates-sampled": BASE.changed(relaxation="softmax16", sampling="gumbel", size_weight=0.1),
    "light-sampled": BASE.changed(sampling="gumbel", wiring=("candidates",), candidates=5,
                             selection="softmax", resample_every=3, resampling="random"),
    "light-soft": BASE.changed(fan_in=(6, 3), wiring=("candidates",), candidates=5,
                          selection="softmax", finetune_steps=3, weight_decay=0.1),
    "walsh": BASE.changed(relaxation="walsh", fan_in=(4, 3), size_weight=0.1, temperature=0.7),
    "walsh-sampled": BASE.changed(relaxation="walsh", sampling="gumbel", wiring=("mapping",)),
    "binary": HARD.changed(relaxation="binary", wiring=("mapping",), target_luts=60),
    "digits-demo": HARD.changed(layers=(60,), fan_in=(6,), encoder="power-of-two",
                           wiring=("mapping",), input_noise=0.03),
    "mnist": HARD.changed(layers=(60,), fan_in=(6,), encoder="fixed", thresholds=(4, 8, 12),
                     wiring=("candidates",), candidates=5, resample_every=3, shift_pixels=1),
    "tabular": HARD.changed(encoder="quantile", bits_per_feature=8, wiring=("mapping",)),
    "learned": BASE.changed(encoder="learned", wiring=("local-candidates", "candidates"),
                       candidates=5, selection="straight-through", fan_in=(4,), mirror=True),
    "walsh-hard": HARD.changed(relaxation="walsh", fan_in=(5, 4), batch_size=130,
                          wiring=("candidates", "mapping"), candidates=6, encoder="learned",
                          selection="straight-through", temperature=0.7),
    "shared-head": HARD.changed(layers=(60, 35), head_connections=2, head_learning_rate=0.05),
    "shared-head-soft": BASE.changed(layers=(60, 35), head_connections=2, head_learning_rate=0.05),
    "uniform": HARD.changed(encoder="uniform", wiring=("local", "balanced"),
                       initialization="residual"),
}  # fmt: skip


def digest(arrays):
    """SHA-256 of arrays, names and shapes included."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
    return found.hexdigest()[:16]


def learned(folder, data, config, **options):
    """Digest of the model and of every parameter and moment at the end."""
    path = folder / "run.ckpt"
    network = train(data, config, checkpoint=path, **options)
    saved = checkpoints.read(path)
    arrays = {**saved.state, **saved.adam, "threshold": network.encoder.threshold}
    for index, layer in enumerate(network.layers):
        arrays |= {f"fanin {index}": layer.fanin, f"table {index}": layer.table}
    return digest(arrays)


def real_values(folder):
    """Digest of a table of real numbers as training gets it."""
    rows = np.random.default_rng(1).normal(size=(200, 3)) * [1, 1e3, 1e-3]
    lines = ["a,b,c,class", *(",".join(map(repr, map(float, row))) + f",{'xy'[i % 2]}"
                              for i, row in enumerate(rows))]  # fmt: skip
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    data = load_dataset(str(path))
    return digest({"train": data.x_train, "test": data.x_test})


def run_all(folder):
    """Every digest by the name of the run."""
    images, adder = make_images(), make_adder()
    found = {"real values": real_values(folder)}
    for name, config in CASES.items():
        found[name] = learned(folder, images, config)
    table = CASES["learned"].changed(wiring=("mapping",), mirror=False)
    found["learned, table"] = learned(folder, make_dataset(), table)
    logits = np.random.default_rng(0).normal(size=(len(images.x_train), 2))
    found["teacher"] = learned(folder, images, CASES["gates"], teacher=logits)
    bits = BASE.changed(layers=(60, 4), label_smoothing=0.1, learn_tau=True)
    found["bits"] = learned(folder, adder, bits)
    logits = np.random.default_rng(0).normal(size=(len(adder.x_train), 4))
    found["bits, teacher"] = learned(folder, adder, bits, teacher=logits)
    return found


if __name__ == "__main__":
    if len(sys.argv) > 2:
        native.FLAGS = tuple(
            f"-march={sys.argv[2]}" if flag == "-march=native" else flag for flag in native.FLAGS
        )
    result = {"capability": torch.backends.cpu.get_cpu_capability(), **run_all(Path(sys.argv[1]))}
    print(json.dumps(result))
