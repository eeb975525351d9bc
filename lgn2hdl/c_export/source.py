"""Text of ``model.c`` and ``model.h``: a network as portable C99."""

from __future__ import annotations

from typing import Any

import lgn2hdl
from lgn2hdl.c_export.filling import comma_lines, filled, literal, number_lines
from lgn2hdl.c_export.gates import Part
from lgn2hdl.c_export.head import Counting
from lgn2hdl.c_export.names import string_literal
from lgn2hdl.c_export.notes import feature_notes
from lgn2hdl.c_export.prepare import WORD_BITS, CModel


def model_source(model: CModel) -> str:
    """Text of ``model.c``."""
    parts = model.code.parts
    table = (f"{{part_{number}, {part.n_outputs}}}" for number, part in enumerate(parts))
    values = {
        **common_values(model),
        "names": comma_lines(map(string_literal, model.names)),
        "input_features": number_lines(model.logic.feature),
        "input_thresholds": number_lines(model.logic.threshold),
        "parts": "\n\n".join(_part_text(number, part) for number, part in enumerate(parts)),
        "n_parts": len(parts),
        "part_table": comma_lines(table),
    }
    gates = filled("model.c", values)
    if model.counting is None:
        return gates + filled("bits.c", values)
    return gates + filled("group_sum.c", {**values, **_counting_values(model.counting)})


def _counting_values(count: Counting) -> dict[str, object]:
    runs = zip(count.n_outputs, count.class_index, count.weight, strict=True)
    return {
        "lowest_score": literal(count.lowest),
        "first_counts": number_lines(count.first),
        "n_runs": len(count.n_outputs),
        "runs": comma_lines(f"{{{n}, {index}, {weight}}}" for n, index, weight in runs),
    }


def _part_text(number: int, part: Part) -> str:
    """A function; it says so of the parameters that it does not need, to please compilers."""
    body = list(part.statements)
    unused = [name for name in "xsy" if not any(f"{name}[" in line for line in body)]
    body += [f"(void){name};" for name in unused]
    lines = "\n".join(f"    {line}" for line in body)
    head = f"static void part_{number}(const W *restrict x, W *restrict s, W *restrict y)"
    return f"{head}\n{{\n{lines}\n}}"


def model_header(model: CModel) -> str:
    """Text of ``model.h``."""
    is_bits = model.counting is None
    values = common_values(model)
    functions = filled("bits.h" if is_bits else "group_sum.h", values)
    states = (f"{model.state_bytes(bits):,} ({bits})" for bits in WORD_BITS)
    values |= {
        "state_bytes": ", ".join(states),
        "table_bytes": f"{model.table_bytes:,}",
        "stack_words": f"{model.code.n_locals:,}",
        "n_operators": f"{model.code.n_operators:,}",
        "feature_notes": feature_notes(model.network.features),
        "named": "outputs" if is_bits else "classes",
        "head_functions": functions,
        **_head_values(model.prefix, model.counting),
    }
    return filled("model.h", values)


def _head_values(prefix: str, count: Counting | None) -> dict[str, object]:
    """Parts of the header that depend on the head."""
    if count is None:
        summary = "They are the result."
        return {"head_summary": summary, "head_constants": "", "head_sizes": "", "head_state": ""}
    upper = prefix.upper()
    return {
        "head_summary": "A class's score is a weighted count of those that are set.",
        "head_constants": f"#define {upper}_CLASSES {count.n_classes}\n",
        "head_sizes": f"#define {upper}_SCORE_BITS {count.score_bits} /* a counter of a class */\n"
        f"#define {upper}_CLASS_BITS {count.class_bits} /* the index of a class */\n",
        "head_state": f"    {prefix}_word counts[{upper}_CLASSES * {upper}_SCORE_BITS];\n"
        f"    {prefix}_word best[{upper}_CLASS_BITS];\n",
    }


def common_values(model: CModel) -> dict[str, Any]:
    """What most templates need."""
    netlist = model.logic.netlist
    return {
        "p": model.prefix,
        "P": model.prefix.upper(),
        "version": lgn2hdl.__version__,
        "model_sha256": model.model_sha256,
        "word_bits": model.word_bits,
        "feature_type": _unsigned(model.network.features.dtype.itemsize),
        "index_type": _unsigned(model.index_bytes),
        "n_features": model.network.features.n_features,
        "n_inputs": netlist.n_inputs,
        "n_gates": netlist.n_gates,
        "n_outputs": len(netlist.outputs),
        "n_values": model.n_values,
        "part_outputs": model.part_outputs,
        "NAMED": "OUTPUT_BITS" if model.counting is None else "CLASSES",
    }


def _unsigned(n_bytes: int) -> str:
    """The C type of an unsigned number."""
    return f"uint{8 * n_bytes}_t"
