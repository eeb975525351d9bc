"""Model files with valid checksums and hostile content: ``hostile_models.py`` opens them.

Every file begins as a small random network; one or two changes of one kind make it hostile. The
same number gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from lgn2hdl.ir import logic
from lgn2hdl.model import file as model_file
from lgn2hdl.model.heads.group_sum import MAX_CLASSES

INT32 = np.iinfo(np.int32)
CODES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "uint16": "U16", "int16": "I16", "uint32": "U32",
    "int32": "I32", "uint64": "U64", "int64": "I64", "float32": "F32", "float64": "F64",
}  # fmt: skip
Arrays = dict[str, Any]
Document = dict[str, Any]
Change = Callable[[np.random.Generator, Arrays, Document], None]

STRANGE = (
    "", " ", "\x00", "a\nb", "\r", "\t|\t", "\x1b[31mred", "\x85\u2028\u2029", "\u202egnp.exe",
    "\ud800", "\udfff\ud800", "é", "网络", "🙂" * 20, "x" * 100_000, "<script>alert(1)</script>",
    "{{ 7 * 7 }}", "{0.__class__}", "%s%n%d", "$(touch hostile)", "`touch hostile`", "; rm -rf /",
    "../../etc/passwd", "/dev/null", "C:\\nul", "endmodule\nmodule x;", "*/ assign x = 1; /*",
    "\\esc ", "`include \"/etc/passwd\"", "// synthesis translate_off", "--", "'; DROP TABLE x; --",
    "\"", "\\", "??/", "a" * 300, "NaN", "null", "clk", "[link](javascript:alert(1))", "| a | b |",
)  # fmt: skip
"""Texts that mean something to a terminal, a browser, a template, a shell or a hardware tool."""


def base(rng: np.random.Generator) -> tuple[Arrays, Document]:
    """Arrays and document of a small random network, as ``model_file`` would write it."""
    n_features, n_bits = int(rng.integers(1, 6)), int(rng.integers(1, 12))
    width = int(rng.integers(1, 17))
    arrays: Arrays = {
        "features.column": np.arange(n_features, dtype=np.int32),
        "features.width": np.full(n_features, width, np.uint8),
        "features.offset": np.zeros(n_features),
        "features.step": np.ones(n_features),
        "features.category": np.full(n_features, -1, np.int32),
        "encoder.feature": rng.integers(0, n_features, n_bits).astype(np.int32),
        "encoder.threshold": rng.integers(0, 1 << width, n_bits).astype(np.int32),
    }
    available = n_bits
    n_layers = int(rng.integers(1, 4))
    for index in range(n_layers):
        add_layer(rng, arrays, index, available, int(rng.integers(2, 7)))
        available = len(arrays[f"layers.{index}.table"])
    n_classes = int(rng.integers(2, 5))
    arrays |= {
        "head.class_of": rng.integers(0, n_classes, available).astype(np.int16),
        "head.weight": rng.integers(-2, 3, available).astype(np.int8),
        "head.bias": rng.integers(-3, 4, n_classes).astype(np.int32),
    }
    document: Document = {
        "column_names": [f"x{index}" for index in range(n_features)],
        "categories": [[] for _ in range(n_features)],
        "n_layers": n_layers,
        "tau": 1.5,
        "class_names": [f"class {index}" for index in range(n_classes)],
        "card": {"dataset": {"name": "none", "source": "none"}, "metrics": {}},
    }
    if rng.random() < 0.2:
        make_bits(arrays, document)
    return arrays, document


def add_layer(
    rng: np.random.Generator, arrays: Arrays, index: int, available: int, fan_in: int
) -> None:
    """A layer of random nodes."""
    nodes = int(rng.integers(1, 12))
    tables = rng.integers(0, logic.all_ones(fan_in), nodes, np.uint64, endpoint=True)
    arrays[f"layers.{index}.fanin"] = rng.integers(0, available, (nodes, fan_in)).astype(np.int32)
    arrays[f"layers.{index}.table"] = tables.astype(logic.table_dtype(fan_in))


def make_bits(arrays: Arrays, document: Document) -> None:
    """The head Bits in place of GroupSum."""
    for name in ("head.class_of", "head.weight", "head.bias"):
        del arrays[name]
    del document["tau"]
    width = len(arrays[f"layers.{document['n_layers'] - 1}.table"])
    document |= {"head": "bits", "class_names": [f"bit {index}" for index in range(width)]}


def thresholds(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """At, below and far above the features' range."""
    values = [0, 1, 255, 256, 65535, 65536, 1 << 20, INT32.max, -1, INT32.min]
    chosen = rng.choice(values[: int(rng.choice([8, 8, 8, 10]))], len(arrays["encoder.threshold"]))
    arrays["encoder.threshold"] = chosen.astype(np.int32)


def features(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """Strange widths, offsets, steps, categories and columns."""
    n = len(arrays["features.column"])
    floats = [0.0, 1e308, -1e308, 5e-324, 1e-300, 0.1, np.nan, np.inf, -1.0]
    name = str(rng.choice(["width", "offset", "step", "category", "column", "mixed"]))
    if name in ("width", "mixed"):
        arrays["features.width"] = rng.choice([1, 2, 7, 8, 9, 16, 0, 17, 255], n).astype(np.uint8)
    if name == "mixed":
        arrays["features.width"] = rng.integers(1, 17, n).astype(np.uint8)
    if name in ("offset", "step"):
        arrays[f"features.{name}"] = rng.choice(floats[: int(rng.choice([6, 9]))], n)
    if name == "category":
        document["categories"] = [["a", "b"]] * n
        arrays["features.category"] = rng.choice([-1, 0, 1, 2, -2, INT32.max], n).astype(np.int32)
    if name == "column":
        arrays["features.column"] = rng.choice([0, 0, n - 1, n, -1], n).astype(np.int32)


def duplicate_pins(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """Nodes that read the same position by all or some of their pins."""
    for index in range(document["n_layers"]):
        fanin = arrays[f"layers.{index}.fanin"]
        rows = rng.random(len(fanin)) < 0.8
        fanin[rows] = fanin[rows][:, rng.integers(0, fanin.shape[1], fanin.shape[1])]


def tables(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """Constants, wires, inverters, parities; and bits above those of the fan-in."""
    for index in range(document["n_layers"]):
        table = arrays[f"layers.{index}.table"]
        fan_in = arrays[f"layers.{index}.fanin"].shape[1]
        ones, wire = logic.all_ones(fan_in), logic.pin_table(fan_in, int(rng.integers(fan_in)))
        parity = sum(1 << row for row in range(1 << fan_in) if row.bit_count() & 1)
        words = np.array([0, ones, wire, ones ^ wire, parity], np.uint64)
        table[:] = rng.choice(words, len(table)).astype(table.dtype)
        if rng.random() < 0.1:
            table[0] = np.iinfo(table.dtype).max


def every_fan_in(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """Layers of 2, 3, 4, 5 and 6 pins, in some order; and of 1 and 7."""
    is_bits = "head" in document
    available = len(arrays["encoder.feature"])
    fan_ins = rng.permutation([2, 3, 4, 5, 6]).tolist()
    for index, fan_in in enumerate(fan_ins):
        add_layer(rng, arrays, index, available, fan_in)
        available = len(arrays[f"layers.{index}.table"])
    document["n_layers"] = len(fan_ins)
    if rng.random() < 0.1:
        arrays["layers.0.fanin"] = np.zeros((3, int(rng.choice([0, 1, 7, 64]))), np.int32)
    if is_bits:
        document["class_names"] = ["b"] * available
    else:
        n_classes = len(arrays["head.bias"])
        arrays["head.class_of"] = rng.integers(0, n_classes, available).astype(np.int16)
        arrays["head.weight"] = rng.integers(-128, 128, available).astype(np.int8)


def zero_size(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """An array, a list or the number of layers becomes empty, or gets axes of no extent."""
    name = str(rng.choice(sorted(arrays)))
    shapes = [(0,), (0, 2), (2, 0), (), (0, 1 << 40), (1 << 31, 0, 1 << 31), (0,) * 70]
    shape = shapes[int(rng.integers(len(shapes)))]
    if shape and 0 in shape:
        arrays[name] = Raw(arrays[name].dtype, shape)
    else:
        arrays[name] = np.zeros(shape, arrays[name].dtype)
    if rng.random() < 0.3:
        document[str(rng.choice(["column_names", "class_names", "categories"]))] = []
    if rng.random() < 0.1:
        document["n_layers"] = 0


def classes(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """No, one or many classes."""
    n = int(rng.choice([0, 1, 2, 3, 5, 9, 17, 64, MAX_CLASSES + 1]))
    if "head" in document:
        document["class_names"] = ["c"] * n
        return
    n_outputs = len(arrays["head.class_of"])
    arrays["head.bias"] = rng.integers(-2, 3, n).astype(np.int32)
    arrays["head.class_of"] = rng.integers(0, max(1, n), n_outputs).astype(np.int16)
    document["class_names"] = [""] * n


def biases(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """At the ends of 32 bits, just inside and just outside, and far from each other."""
    if "head.bias" not in arrays:
        return
    n = len(arrays["head.bias"])
    room = int(np.abs(arrays["head.weight"].astype(int)).sum())
    values = [INT32.max - room, INT32.min + room, 0, 1 << 30, 1415362067, -(1 << 20)]
    values += [INT32.max, INT32.min] if rng.random() < 0.3 else []
    arrays["head.bias"] = rng.choice(values, n).astype(np.int32)


def weights(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """The ends of 8 bits, zero, and classes that no output counts for."""
    if "head.weight" in arrays:
        n = len(arrays["head.weight"])
        arrays["head.weight"] = rng.choice([-128, 127, 0, 1, -1], n).astype(np.int8)
        wrong = [0, 1, len(arrays["head.bias"]), -1]
        arrays["head.class_of"][:] = rng.choice(wrong[: int(rng.choice([1, 2, 2, 4]))], n)


def dtypes(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """An array of another type, with the same numbers where it can hold them."""
    name = str(rng.choice(sorted(arrays)))
    types = ["bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
    arrays[name] = arrays[name].astype(str(rng.choice(types)))
    if rng.random() < 0.2:
        arrays[str(rng.choice(STRANGE[:30]))] = np.zeros(3)


def names(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """Strange texts as names of columns, categories and classes, and in the card."""

    def strange() -> str:
        return STRANGE[int(rng.integers(len(STRANGE)))]

    where = str(rng.choice(["column_names", "class_names", "categories", "card"]))
    if where == "categories":
        document[where] = [[strange(), strange()] for _ in document[where]]
        arrays["features.category"][:] = rng.integers(-1, 2, len(arrays["features.category"]))
        arrays["features.width"][:] = 1
    elif where == "card":
        document[where] = {strange(): strange(), "dataset": {"name": strange()}}
    else:
        document[where] = [strange() for _ in document[where]]


def contradictions(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """Parts that do not fit together; ids that are not there."""
    choice = int(rng.integers(8))
    if choice == 0:
        document["n_layers"] = int(rng.choice([-1, 0, 1, 5, 1 << 40]))
    elif choice == 1:
        document["head"] = ["bits", "group_sum", "", None, 3][int(rng.integers(5))]
    elif choice == 2:
        document["class_names"] = document["class_names"] * 2
    elif choice == 3:
        del document[str(rng.choice(sorted(document)))]
    elif choice == 4:
        del arrays[str(rng.choice(sorted(arrays)))]
    elif choice == 5:
        arrays["layers.0.fanin"].flat[0] = rng.choice([-1, 1 << 20, INT32.max, INT32.min])
    elif choice == 6:
        arrays["encoder.feature"].flat[0] = rng.choice([-1, 99, INT32.max, INT32.min])
    else:
        name = str(rng.choice(sorted(arrays)))
        arrays[name] = np.repeat(arrays[name], 2, axis=0)


def documents(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """Values of another type in the document; very deep, long and large ones."""
    deep: Any = 1
    for _ in range(int(rng.choice([50, 500, 5000]))):
        deep = [deep] if rng.random() < 0.5 else {"a": deep}
    values = [
        deep,
        10**4400,
        -(10**400),
        1e400,
        -1,
        0,
        True,
        None,
        "3",
        "\uff13",
        "abc",
        [],
        {},
        [[]],
    ]
    values += [{"a": 1}, [1, 2], [None], "\ud800", 2.5, [["a"]] * 3, [["a", "b"]] * 2]
    key = str(rng.choice(sorted(document)))
    document[key] = values[int(rng.integers(len(values)))]


def sizes(rng: np.random.Generator, arrays: Arrays, document: Document) -> None:
    """A header that declares other shapes and places than the file has."""
    name = str(rng.choice(sorted(arrays)))
    n = int(rng.choice([-1, 0, 1, 1 << 31, 1 << 62, 1 << 64, 10**30]))
    shapes: list[Any] = [[n], [n, n], [n, 0], [-n, -n], "abc", [2.5], ["2"], [True], None, [[1]]]
    entry: dict[str, Any] = {"shape": shapes[int(rng.integers(len(shapes)))]}
    if rng.random() < 0.5:
        entry = {"data_offsets": [[0, n], [n, n], [n, 0], [0], "ab", None][int(rng.integers(6))]}
    if rng.random() < 0.2:
        entry = {"dtype": ["F16", "BF16", "", None, [], "u1", "O"][int(rng.integers(7))]}
    arrays[name] = Raw(arrays[name].dtype, arrays[name].shape, arrays[name].tobytes(), entry)


class Raw:
    """An array whose entry in the header is a lie."""

    def __init__(self, dtype: Any, shape: Any, data: bytes = b"", entry: Any = None) -> None:
        self.dtype, self.shape, self.data = dtype, shape, data
        self.entry = entry or {}


KINDS: dict[str, Change] = {
    change.__name__.replace("_", " "): change
    for change in (
        thresholds, features, duplicate_pins, tables, every_fan_in, zero_size, classes, biases,
        weights, dtypes, names, contradictions, documents, sizes,
    )
}  # fmt: skip


def hostile_file(number: int, seed: int) -> tuple[str, bytes]:
    """Kind and bytes of the file with this number."""
    rng = np.random.default_rng((seed, number))
    kind = list(KINDS)[number % len(KINDS)]
    arrays, document = base(rng)
    if kind != "sizes" and rng.random() < 0.3:
        KINDS[str(rng.choice(["thresholds", "duplicate pins", "tables", "biases"]))](
            rng, arrays, document
        )
    KINDS[kind](rng, arrays, document)
    return kind, to_bytes(arrays, document)


def to_bytes(arrays: Arrays, document: Document) -> bytes:
    """The file with a right checksum, whatever it says."""
    header: dict[str, Any] = {}
    blobs = b""
    for name, array in arrays.items():
        data = array.data if isinstance(array, Raw) else array.tobytes()
        header[name] = {
            "dtype": CODES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [len(blobs), len(blobs) + len(data)],
            **(array.entry if isinstance(array, Raw) else {}),
        }
        blobs += data
    header["__metadata__"] = {
        "format": model_file.FORMAT,
        "version": str(model_file.VERSION),
        "sha256": "0" * 64,
        "document": _json(document),
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    blank = len(text).to_bytes(8, "little") + text + blobs
    digest = hashlib.sha256(blank).hexdigest()
    return blank.replace(b'"sha256":"' + b"0" * 64, f'"sha256":"{digest}'.encode(), 1)


def _json(value: Any) -> str:
    """As ``json.dumps``, without a limit of depth or digits."""
    parts: list[str] = []
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, _Text):
            parts.append(item)
        elif isinstance(item, dict):
            pending.append(_Text("}"))
            for index, (key, inner) in reversed(list(enumerate(item.items()))):
                pending += [inner, _Text(f"{', ' if index else ''}{json.dumps(key)}: ")]
            pending.append(_Text("{"))
        elif isinstance(item, list):
            pending.append(_Text("]"))
            for index, inner in reversed(list(enumerate(item))):
                pending += [inner, _Text(", " if index else "")]
            pending.append(_Text("["))
        elif isinstance(item, int) and abs(item) > 1 << 2000:
            parts.append("1" + "0" * 4400)
        else:
            parts.append(json.dumps(item))
    return "".join(parts)


class _Text(str):
    """Text that is JSON already."""
