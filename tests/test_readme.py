"""README and docs: their commands exist, and their figures are those of the committed models."""

import re
import runpy
import shlex
from pathlib import Path

import click
import pytest

import lgn2hdl
from lgn2hdl.cli import cli, run
from lgn2hdl.cli.train import _config as config_of
from lgn2hdl.model import file as model_file
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.presets import adapted

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
MODELS = sorted((ROOT / "models").glob("*.lgn"))


def commands(page: Path) -> list[str]:
    """Lines of the page's ``sh`` blocks, with continuation lines joined."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


def all_commands(program: str) -> list[str]:
    return [line for page in PAGES for line in commands(page) if line.split()[0] == program]


@pytest.mark.parametrize("line", all_commands("lgn2hdl"))
def test_every_lgn2hdl_command_is_accepted(line):
    name, *arguments = shlex.split(line)[1:]
    command = cli.commands[name]
    with click.Context(cli) as parent:
        command.make_context(name, arguments, parent=parent)


@pytest.mark.parametrize("line", all_commands("make"))
def test_every_make_target_exists(line):
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    targets += re.findall(r"^READY = (.*)$", makefile.replace("$(VENV)", ".venv"), re.MULTILINE)
    words = shlex.split(line)[1:]
    if "-C" in words:
        assert words[-1] == "sim"
        return
    assert [word for word in words if "=" not in word and word not in targets] == []


def test_the_readme_shows_the_two_commands_of_the_quick_start():
    assert {"make demo", "make test"} <= set(commands(ROOT / "README.md"))


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_the_readme_quotes_the_models_as_their_cards_do(name):
    model = ROOT / "models" / f"{name}.lgn"
    card = model_file.load(model).card
    accuracy = f"{card['metrics']['test_hard_accuracy']:.2%}".replace("%", " %")
    row = next(line for line in (ROOT / "README.md").read_text().splitlines() if model.name in line
               and line.startswith("|"))  # fmt: skip
    assert accuracy in row
    assert f"{card['gates']:,}" in row
    assert card["command"] in commands(ROOT / "README.md")


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_the_results_are_those_of_the_cards(model):
    page = ROOT / "docs" / "results.md"
    assert runpy.run_path(str(ROOT / "benchmarks" / "results.py"))["row"](model) in page.read_text()
    assert model_file.load(model).card["command"] in commands(page)


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_the_command_of_a_model_gives_its_options(model):
    network = model_file.load(model)
    arguments = shlex.split(network.card["command"])[2:]
    with click.Context(cli) as parent:
        params = cli.commands["train"].make_context("train", arguments, parent=parent).params
    names = TrainConfig.of(layers=(1,)).options()
    given = {name: params[name] for name in names if params[name] is not None}
    config = config_of(params["dataset"], params["preset_name"], None, given)
    if "layers" not in given:
        config = adapted(config, len(network.class_names))
    config = config.changed(tau=config.tau_for(len(network.class_names)))
    assert TrainConfig.from_json(network.card["training"]) == config


def test_there_are_models():
    assert {model.stem for model in MODELS} >= {"digits", "mnist"}


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_each_model_has_its_card_as_a_page(model, capsys):
    assert run(["info", str(model), "--markdown"]) == 0
    assert model.with_suffix(".md").read_text() == capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_sections(page):
    for file, section in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text()):
        text = (page.parent / file if file else page).read_text()
        titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        assert section in {anchor(title) for title in titles}, f"{file}#{section}"


def anchor(title: str) -> str:
    """What GitHub calls a section in links."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_the_changelog_begins_with_this_version():
    page = (ROOT / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (\S+),", page, re.MULTILINE)[0] == lgn2hdl.__version__


def test_the_readme_leads_to_every_page():
    text = (ROOT / "README.md").read_text()
    assert [page.name for page in PAGES if page.name != "README.md" and page.name not in text] == []
