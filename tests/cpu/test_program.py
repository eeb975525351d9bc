"""Tables: read as ``engine.h`` says they give the results of the golden model."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import (
    HEADER,
    Tables,
    engine_networks,
    example_network,
    golden,
    interpret,
    network_of,
    random_rows,
    wide_operands,
)

import lgn2hdl.cpu.program
from lgn2hdl.cpu.instructions import COUNT, RECORD
from lgn2hdl.cpu.nodes import support_size
from lgn2hdl.cpu.program import GROUP_SAMPLES, MAGIC, Program, compile_program, three_input_netlist
from lgn2hdl.ir import packed
from lgn2hdl.ir.netlist import evaluate
from lgn2hdl.model.features import integer_features
from lgn2hdl.model.heads.group_sum import GroupSum
from lgn2hdl.model.layers.lut import Lut
from lgn2hdl.model.network import LogicNet, Thermometer

FOLDER = Path(lgn2hdl.cpu.program.__file__).parent


def check(network: LogicNet, program: Program, seed: int) -> None:
    rows = random_rows(np.random.default_rng(seed), network.features, 100)
    assert np.array_equal(interpret(program, rows), golden(network, rows))


@pytest.mark.slow
@settings(max_examples=40)
@given(network=engine_networks(), segments=st.sampled_from([1, 3, 8]), wide=st.booleans())
def test_tables_give_the_results_of_the_golden_model(
    network: LogicNet, segments: int, wide: bool
) -> None:
    if not wide:
        check(network, compile_program(network, segments=(segments,)), 1)
        return
    with wide_operands():
        program = compile_program(network, segments=(segments,))
    assert Tables(program.words)["wide"] == 1
    check(network, program, 2)


@settings(max_examples=20)
@given(network=engine_networks(bits=True))
def test_packed_inputs_go_to_the_slots_of_the_comparisons(network: LogicNet) -> None:
    tables = Tables(compile_program(network).words)
    compared = tables.section("lane_slot")
    assert set(compared[compared > 1].tolist()) == set(tables.input_slots.tolist())
    assert (tables.section("packed")[:, 0] < network.encoder.n_bits).all()
    assert len(set(tables.input_slots.tolist())) == tables["n_packed"]


def test_the_figures_are_those_of_the_tables() -> None:
    program = compile_program(example_network(1, weighted=True), segments=(4,), vectors=(2,))
    tables = Tables(program.words)
    instruction = tables.section("instruction").astype(int)
    runs = instruction[instruction[:, 0] < COUNT]
    lists = instruction[instruction[:, 0] == COUNT]
    assert program.n_slots == tables["n_slots"]
    assert program.vectors == tables["vectors"] == 2
    assert program.block_samples == 2 * GROUP_SAMPLES
    assert program.value_bytes == tables["n_slots"] * 2 * GROUP_SAMPLES // 8
    assert program.table_bytes == 4 * len(program.words)
    assert (
        program.n_nodes == runs[:, 1].sum() == (tables["n_operands"] - lists[:, 1].sum()) // RECORD
    )
    assert program.n_runs == len(runs)
    pins = support_size(runs[:, 0].astype(np.uint8)) @ runs[:, 1]
    assert program.n_loads > pins + lists[:, 1].sum()
    assert program.n_stores > program.n_nodes
    assert program.n_operations >= program.n_nodes + 14 * (lists[:, 1].sum() // 8)


@pytest.mark.parametrize("bits", [False, True])
def test_the_same_network_gives_the_same_words(bits: bool) -> None:
    first, second = (compile_program(example_network(7, bits=bits)).words for _ in range(2))
    assert first.dtype == np.uint32
    assert np.array_equal(first, second)


@pytest.mark.parametrize(("weight", "sums"), [(1, 2), (-1, 4)])
def test_sums_to_subtract_are_there_only_if_there_are_any(weight: int, sums: int) -> None:
    both = Lut(np.array([[0, 1], [1, 2]]), np.array([8, 8]))
    encoder = Thermometer(np.arange(3), np.ones(3))
    head = GroupSum(np.array([0, 1]), np.array([1, weight]), np.zeros(2), 1.0)
    network = network_of(integer_features(3, 1), encoder, (both,), head)
    assert Tables(compile_program(network).words)["n_sums"] == sums


def test_nodes_have_three_inputs_and_the_same_outputs() -> None:
    network = example_network(4, fan_ins=(6, 6))
    netlist = three_input_netlist(network)
    assert netlist.n_pins == 3
    rows = random_rows(np.random.default_rng(4), network.features, 200)
    words = evaluate(netlist, network.encoder.encode(rows))
    assert np.array_equal(packed.unpack(words, 200), network.outputs(rows))


def test_header_and_constants_are_those_of_the_c_side() -> None:
    header = (FOLDER / "engine.h").read_text()
    source = (FOLDER / "engine.c").read_text()
    fields = re.search(r"typedef struct \{(.*?)\} program;", header, re.DOTALL)
    assert fields
    names = re.findall(r"^    uint32_t (\w+);", fields[1], re.MULTILINE)
    assert names == list(HEADER[1:])
    assert int(re.search(r"#define MAGIC (\w+)u", source)[1], 16) == MAGIC  # type: ignore[index]
    assert f"#define HEADER_WORDS {len(HEADER)}\n" in source
    assert f"#define COUNT {COUNT} " in header
