"""Relaxations and wirings from outside the package, as the page for those who add one says."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from runs import CONFIG, keyboard, make_dataset, make_images, stop_at

from lgn2hdl.base.errors import OptionError
from lgn2hdl.model import file as model_file
from lgn2hdl.train.config import TrainConfig
from lgn2hdl.train.layer_spec import LayerSpec
from lgn2hdl.train.loop.interrupt import TrainingStoppedError
from lgn2hdl.train.loop.loop import train
from lgn2hdl.train.relax.kinds import RELAXATIONS
from lgn2hdl.train.sweep.search_space import SearchSpace
from lgn2hdl.train.wiring.kinds import WIRINGS, Wiring
from lgn2hdl.train.wiring.wires import MappedWires

PAGE = Path(__file__).parents[2] / "docs" / "extend-relaxation.md"

BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


class Choosy(Wiring):
    """Learned wiring that wants three times as many sources as pins."""

    learned = True

    def least_sources(self, fan_in, candidates):
        return 3 * fan_in

    def wires(self, task):
        return MappedWires(
            task.first_scores((task.fan_in * task.width, task.n_sources)), task.fan_in
        )


@pytest.fixture
def page(monkeypatch):
    """What the blocks of the page define but for the last; forgotten after the test."""
    for registry in (RELAXATIONS, WIRINGS):
        monkeypatch.setattr(registry, "_known", dict(registry._known))
    found = {}
    for block in BLOCKS[:-1]:
        exec(block, found)
    WIRINGS.register("choosy", Choosy())
    return found


def toy(**options):
    return CONFIG.changed(
        **{"relaxation": "clipped", "wiring": ("strided", "choosy"), "fan_in": (3, 2), **options}
    )


def test_the_page_trains_digits(page, capsys):
    exec(BLOCKS[-1], page)
    assert 0.3 < float(capsys.readouterr().out) <= 1  # (guessing: 0.1)


@pytest.mark.parametrize("sampling", ["soft", "hard", "gumbel"])
def test_a_toy_relaxation_and_toy_wirings_are_trained_saved_loaded_and_evaluated(
    page, tmp_path, sampling
):
    data = make_dataset(400)
    config = toy(sampling=sampling, steps=200, size_weight=0.01, target_luts=200)
    network = train(data, config)
    model_file.save(network, tmp_path / "m.lgn")
    again = model_file.load(tmp_path / "m.lgn")
    assert TrainConfig.from_json(again.card["training"]) == config.changed(tau=again.head.tau)
    assert [(layer.width, layer.fan_in) for layer in again.layers] == [(60, 3), (40, 2)]
    accuracy = (again.decisions(data.x_test) == data.y_test).mean()
    assert accuracy == again.card["metrics"]["test_hard_accuracy"] > 0.8
    strided = again.layers[0].fanin
    step = again.encoder.n_bits // 3
    assert ((strided[:, 1] - strided[:, 0]) % again.encoder.n_bits == step).all()


def test_an_interrupted_run_goes_on(page, tmp_path):
    path = tmp_path / "c.ckpt"
    wanted = train(make_images(), toy())
    with pytest.raises(TrainingStoppedError):
        train(make_images(), toy(), checkpoint=path, on_progress=stop_at(9, keyboard))
    resumed = train(make_images(), toy(), checkpoint=path, resume=True)
    for one, other in zip(resumed.layers, wanted.layers, strict=True):
        np.testing.assert_array_equal(one.fanin, other.fanin)
        np.testing.assert_array_equal(one.table, other.table)


def test_sweeps_know_what_a_wiring_needs(page):
    space = SearchSpace(toy(layers=(60, 40)), 2)
    assert "wiring_learning_rate" in {item.name for item in space.ranges()}
    narrow = space.config({"width": 1e-3})
    assert narrow.layers == (LayerSpec(6, 3, "strided"), LayerSpec(40, 2, "choosy"))


def test_an_unknown_name_is_one_line_that_lists_all_names(page):
    with pytest.raises(OptionError) as caught:
        toy(relaxation="fuzzy")
    assert str(caught.value) == (
        "relaxation 'fuzzy' is unknown: choose softmax16, light, walsh, binary, clipped"
    )
    with pytest.raises(OptionError) as caught:
        LayerSpec(10, wiring="tangled")
    assert str(caught.value) == (
        "wiring 'tangled' is unknown: choose neighbour, balanced, local, candidates, "
        "local-candidates, mapping, strided, choosy"
    )


def test_a_fan_in_that_the_toy_lacks_is_one_line(page):
    message = "relaxation 'clipped' has two, three or four-input gates only, not fan-in 6: "
    with pytest.raises(OptionError, match=f"^{message}choose light, walsh or binary$"):
        toy(fan_in=(6,))


def test_a_wiring_that_needs_images_says_so(page):
    @dataclasses.dataclass(frozen=True)
    class Near(Choosy):
        needs_places: bool = True

    WIRINGS.register("near", Near())
    config = toy(wiring=("near",), candidates=2)
    with pytest.raises(OptionError) as caught:
        train(make_dataset(), config)
    assert str(caught.value) == ("wiring 'near' needs images: choose candidates, mapping or choosy")
    train(make_images(), config)


def test_two_of_one_name_are_refused(page):
    with pytest.raises(ValueError, match="another wiring called 'choosy'"):
        WIRINGS.register("choosy", Choosy())


def test_the_test_leaves_nothing_behind():
    assert "clipped" not in RELAXATIONS
    assert "strided" not in WIRINGS


def test_options_and_their_choices_need_no_torch():
    program = "import sys; sys.modules['torch'] = None; import lgn2hdl.cli.train"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
