"""Words that no module can be called: keywords, ports, names that tools have taken already.

The words are in lower case; a name in any case is compared with them, since VHDL and file systems
may not tell cases apart. ``cells.txt`` beside this file has the cells of the FPGA families that
Yosys maps to, which a design's module must not replace.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

SYSTEMVERILOG = """
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
    before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
    checker class clocking cmos config const constraint context continue cover covergroup
    coverpoint cross deassign default defparam design disable dist do edge else end endcase
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface
    endmodule endpackage endprimitive endprogram endproperty endsequence endspecify endtable
    endtask enum event eventually expect export extends extern final first_match for force
    foreach forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone
    ignore_bins illegal_bins implements implies import incdir include initial inout input inside
    instance int integer interconnect interface intersect join join_any join_none large let
    liblist library local localparam logic longint macromodule matches medium modport module
    nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output
    package packed parameter pmos posedge primitive priority program property protected pull0
    pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase
    randsequence rcmos real realtime ref reg reject_on release repeat restrict return rnmos
    rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared
    sequence shortint shortreal showcancelled signed small soft solve specify specparam static
    string strong strong0 strong1 struct super supply0 supply1 sync_accept_on sync_reject_on
    table tagged task this throughout time timeprecision timeunit tran tranif0 tranif1 tri tri0
    tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped
    use uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard
    wire with within wor xnor xor
"""
"""Keywords of SystemVerilog (IEEE 1800-2017), Verilog's among them."""

ICARUS = """
    above abs absdelay abstol ac_stim access acos acosh aliasparam analog analysis asin asinh
    atan atan2 atanh bool branch ceil connect connectmodule connectrules continuous cos cosh ddt
    ddt_nature ddx discipline discrete domain driver_update endconnectrules enddiscipline
    endnature endparamset exclude exp final_step flicker_noise floor flow from ground hypot idt
    idt_nature idtmod inf initial_step laplace_nd laplace_np laplace_zd laplace_zp last_crossing
    limexp ln log max merged min nature net_resolution noise_table paramset potential pow
    resolveto sin sinh slew split sqrt tan tanh timer transition units white_noise wone wreal
    zi_nd zi_np zi_zd zi_zp
"""
"""Words that Icarus Verilog adds, or knows from Verilog-AMS 2.3."""

VHDL = """
    abs access across after alias all and architecture array assert assume assume_guarantee
    attribute begin block body break buffer bus case component configuration constant context
    cover default disconnect downto else elsif end entity exit fairness file for force function
    generate generic group guarded if impure in inertial inout is label library limit linkage
    literal loop map mod nand nature new next noise nor not null of on open or others out
    package parameter port postponed private procedural procedure process property protected
    pure quantity range record reference register reject release rem report restrict
    restrict_guarantee return rol ror select sequence severity shared signal sla sll spectrum
    sra srl strong subnature subtype terminal then through to tolerance transport type
    unaffected units until use variable view vmode vprop vunit wait when while with xnor xor
"""
"""Reserved words of VHDL (IEEE 1076-2019) and of its analog extension (IEEE 1076.1)."""

VHDL_NAMES = """
    bit bit_vector boolean boolean_vector character delay_length error failure false
    file_open_kind file_open_status ieee integer integer_vector natural note positive real
    real_vector severity_level std std_logic std_logic_1164 std_logic_vector std_ulogic
    std_ulogic_vector string time time_vector true verilog warning work
"""
"""What the VHDL file refers to, and what a package of VHDL's standard calls a type or a value."""

CXX = """
    abort alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto
    bit_vector bitand bitor bool break case catch cdecl char char16_t char32_t char8_t class
    co_await co_return co_yield compl complex concept const const_cast const_iterator
    const_reference consteval constexpr constinit continue decltype default delete deque do
    double dynamic_cast else enum explicit export extern false far final float for friend goto
    huge if import inline int interrupt long module mutable namespace near new noexcept not
    not_eq null nullptr operator or or_eq override pascal private protected public reference
    reflexpr register reinterpret_cast requires restrict return sc_clock sc_in sc_inout sc_out
    sc_signal sensitive sensitive_neg sensitive_pos short signed sizeof static static_assert
    static_cast std struct switch synchronized template this thread_local throw transaction_safe
    transaction_safe_dynamic true try type_info typedef typeid typename uint16_t uint32_t
    uint8_t union unsigned using virtual void volatile wchar_t while xor xor_eq
"""
"""Words of C++ and SystemC that Verilator, which writes C++, replaces by others."""

PORTS = """
    bad_packet bits class_index clk enable error error_clear m_axis_tdata m_axis_tlast
    m_axis_tready m_axis_tvalid margin ready_in ready_out rst s_axis_tdata s_axis_tlast
    s_axis_tready s_axis_tvalid scores valid_in valid_out x
"""
"""Ports of the top module behind any interface; Verilator wants module and ports to differ."""

FILES = """
    board classifier_bench cocotb handshake_bench makefile python3 quartus run_sim sim sim_build
    stall_driver stream_bench vectors verilated verilator verilog_coverage vivado vtop
"""
"""What the output folder and the folder that a simulation is built in have."""

DEVICES = """
    aux com1 com2 com3 com4 com5 com6 com7 com8 com9 con lpt1
    lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9 nul prn
"""
"""Devices of Windows, which no file can be called, with whatever suffix."""


VERILATOR_ROOT = "TOP"
"""The scope around the top module in Verilator; in these letters only, others may be used."""


def why_reserved(name: str) -> str | None:
    """What a name is that no module can have; None if there is no such reason."""
    if name == VERILATOR_ROOT:
        return "Verilator's scope around the top module"
    if name in cells():
        return "a cell of an FPGA that Yosys knows"
    return words().get(name.lower())


@cache
def words() -> dict[str, str]:
    """Every reserved word, in lower case, and what it is."""
    kinds = {
        DEVICES: "a device of Windows",
        FILES: "a file or folder of the design or its simulation",
        CXX: "a word of C++ that Verilator replaces",
        VHDL_NAMES: "a name of VHDL's standard packages",
        VHDL: "a reserved word of VHDL",
        ICARUS: "a word of Icarus Verilog",
        SYSTEMVERILOG: "a keyword of Verilog or SystemVerilog",
        PORTS: "a port of the module",
    }
    return {word: kind for text, kind in kinds.items() for word in text.split()}


@cache
def cells() -> frozenset[str]:
    """Cells of the FPGA families that Yosys maps to; their case matters."""
    text = resources.files("lgn2hdl.compiler").joinpath("cells.txt").read_text("utf-8")
    return frozenset(text.split())
