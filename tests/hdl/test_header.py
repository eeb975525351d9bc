"""The comment at the begin of the Verilog."""

from lgn2hdl.compiler.recipe import Recipe
from lgn2hdl.hdl.header import header_of, verilog_header


def test_version_model_and_recipe():
    recipe = Recipe(name="synth", levels=3, emitter="text").to_json()
    assert verilog_header("ab" * 32, recipe, "1.2.3") == (
        "// lgn2hdl 1.2.3\n"
        f"// lgn2hdl model {'ab' * 32}\n"
        "// lgn2hdl recipe device: xcup, levels: 3, effort: default, head: small, wire_levels: 0, "
        "wide: true, interface: parallel, clock_enable: false, outputs: class-scores, "
        "emitter: text, dont_cares: true\n"
    )


def test_nothing_ends_the_comment():
    header = verilog_header("*/\nmodule x;", {"device": "a\r\nwire y; // `include é"}, "\x00")
    assert header.count("\n") == 3
    assert all(line.startswith("// lgn2hdl ") for line in header.splitlines())
    assert set(header) <= set(map(chr, range(32, 127))) | {"\n"}


def test_the_header_of_a_file():
    header = verilog_header("0", {})
    assert header_of(header + "module x;\nendmodule\n") == header
    assert header_of("// lgn2hdl\n// encoder of x\nmodule x;\nendmodule\n") == ""
    assert header_of("") == ""
