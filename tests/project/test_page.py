"""The page of an output folder."""

import dataclasses
import json
import re

import numpy as np
import pytest
from hardware import design_of, features_of_widths, gap_features, mixed_network, raw_table_features

from lgn2hdl.arithmetic.encoder import packing
from lgn2hdl.compiler.interface_choice import Interface, Kind
from lgn2hdl.hdl.interface import stream_layout, top_ports
from lgn2hdl.model.features import integer_features
from lgn2hdl.project.integration import Integration, integration_files
from lgn2hdl.project.page import MOST_ROWS, escaped, packing_rows, table
from lgn2hdl.project.report import DesignReport, estimate_timing
from lgn2hdl.targets.devices import find_device


def page_of(design, interface=Interface(), report=None):  # noqa: B008 (frozen)
    given = Integration(design, "top", ("top.v",), interface, "ab" * 32, report)
    return integration_files(given)["README.md"]


@pytest.fixture(scope="module")
def design():
    return design_of(mixed_network(features=raw_table_features()))


@pytest.mark.parametrize("kind", list(Kind))
def test_every_port_has_a_row(design, kind):
    interface = Interface(kind)
    rows = page_of(design, interface).splitlines()
    for port in top_ports(design, interface):
        assert f"| `{port.name}` | {port.direction} | {port.width} | {port.meaning} |" in rows


def test_a_table_holds_names_from_the_model_without_meaning_to_markdown():
    evil = "a|b\n# `x` <img src=q> [l](u) & \\ \u2028*z*_w_"
    text = escaped(evil)
    assert "\n" not in text
    assert "\u2028" not in text
    assert "<" not in text
    assert re.findall(r"(?<!\\)[|`\[\]*_#]", text) == []
    assert table(("h",), [(text,)]).count("\n") == 2


def test_class_names_are_escaped(design):
    network = dataclasses.replace(design.network, class_names=("a|b", "<c>", "d\ne"))
    page = page_of(dataclasses.replace(design, network=network))
    assert "| class 0 | a\\|b |" in page
    assert "| class 1 | &lt;c&gt; |" in page
    assert "| class 2 | d e |" in page


def test_features_of_one_kind_share_a_row():
    features = integer_features(784, 8)
    names = features.column_names
    rows = packing_rows(features)
    assert rows == [
        (
            "0 to 783", f"{escaped(names[0])} to {escaped(names[-1])}", "6271:0",
            "8 bits each, unsigned, the raw value",
        )
    ]  # fmt: skip


def test_features_of_other_kinds_have_their_own_rows():
    rows = packing_rows(raw_table_features())
    assert rows == [
        ("0", "age", "2:0", "3 bits, unsigned, the raw value"),
        ("1", "colour", "3:3", "1 bit, 1 where the column is red"),
        ("2", "colour", "4:4", "1 bit, 1 where the column is blue"),
        ("3", "height", "9:5", "5 bits, unsigned, (raw - -1.5) / 0.25 rounded and limited"),
    ]


def test_features_say_what_a_missing_value_counts_as():
    rows = packing_rows(gap_features())
    assert [row[1] for row in rows] == ["length", "colour", "colour", "height", "height", "count"]
    assert rows[0][3].endswith("rounded and limited; a missing value counts as 1.5")
    assert rows[3][3] == "4 bits, unsigned, the raw value; a missing value counts as 3"
    assert rows[4][3] == "1 bit, 1 where the column's value is missing"
    assert rows[5][3] == "4 bits, unsigned, the raw value; a missing value counts as 5"


def test_rows_cover_all_bits_once():
    widths = [3, 3, 1, 8, 8, 8, 2, 16]
    features = features_of_widths(widths)
    covered = []
    for _, _, bits, _ in reversed(packing_rows(features)):
        high, low = map(int, bits.split(":"))
        covered += range(high, low - 1, -1)
    assert covered == list(range(sum(widths) - 1, -1, -1))
    assert packing(features)[0] == 0


def test_many_rows_are_cut_with_a_note():
    widths = np.tile([1, 2], MOST_ROWS).tolist()
    page = page_of(design_of(mixed_network(widths=widths)))
    assert f"\n{MOST_ROWS} more rows: see `x_packing`" in page


def test_a_stream_tells_where_its_numbers_are(design):
    interface = Interface(Kind.STREAM, 8)
    page = page_of(design, interface)
    for field in stream_layout(design, interface).fields:
        assert f" | {field.lsb + field.bits - 1}:{field.lsb} | {field.width} bits" in page
    assert "Result packet" not in page_of(design)


def test_the_diagram_is_json(design):
    text = re.search(r"```wavedrom\n(.*?)\n```", page_of(design), re.S)[1]
    assert json.loads(text)["signal"][0]["name"] == "clk"


def test_resources_add_up(design):
    device = find_device("xcup")
    report = DesignReport(device, design.latency, estimate_timing(device, 2))
    page = page_of(design, report=report)
    resources = page.split("## Resources")[1].split("| timing |")[0]
    cells = [line.split("|") for line in resources.splitlines() if line.startswith("| ")][2:]
    counts = {name.strip(): (int(luts), int(bits)) for _, name, luts, bits, *_ in cells}
    total = counts.pop("total")
    assert total == tuple(map(sum, zip(*counts.values(), strict=True)))
    assert device.title in page
