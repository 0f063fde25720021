"""A registry finds what the modules of a package register, and reads blocks of configuration."""

import pickle
import sys

import pytest

from maskbench.config import Section
from maskbench.errors import MaskbenchError
from maskbench.registry import Registry, Spec


class Size(Section):
    width: int = 8
    height: int = 4


class Params(Section):
    steps: int = 3
    size: Size = Size()


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Of a package with one module, which registers ``telea`` when it is imported."""
    folder = tmp_path / "painters"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import painters

    painters.RESTORERS = Registry("painters", "restoration.restorers", "restorer")
    painters.SPEC = Spec(
        name="telea", Params=Params, implementation="collections:OrderedDict", family="quick"
    )
    (folder / "telea.py").write_text(
        "import painters\npainters.RESTORERS.register(painters.SPEC)\n"
    )
    yield painters.RESTORERS
    for name in [name for name in sys.modules if name.split(".")[0] == "painters"]:
        del sys.modules[name]


def test_modules_are_found_by_importing_them(registry):
    assert list(registry.all()) == ["telea"]
    assert registry.get("telea").Params is Params


def test_two_of_one_name_are_refused(registry):
    registry.all()
    with pytest.raises(MaskbenchError, match=r"painters: two .* a restorer of the name telea"):
        registry.register(Spec(name="telea"))


def test_an_implementation_is_an_instance_or_the_object_itself():
    assert Spec(name="a", implementation="collections:OrderedDict").load() == {}
    assert Spec(name="b", implementation="math:sqrt").load()(4) == 2


def test_wrong_names_and_blocks_are_explained(registry):
    with pytest.raises(MaskbenchError, match=r"restoration.restorers.*did you mean telea"):
        registry.get("tellea")
    assert registry.parse("telea", {"steps": 5}).params.steps == 5
    with pytest.raises(MaskbenchError, match=r"own.yaml: restoration.restorers.telea: steps"):
        registry.parse("telea", {"steps": "many"}, "own.yaml")
    with pytest.raises(MaskbenchError, match=r"restorers.telea: stepz: unknown key; did you mean"):
        registry.parse("telea", {"stepz": 3})


def test_a_block_starts_from_another_or_from_its_family(registry):
    blocks = {
        "telea": {"steps": 5, "size": {"width": 2}},
        "small": {"use": "telea", "size": {"height": 1}},
        "smaller": {"use": "small", "steps": 1},
    }
    found = registry.parse("smaller", blocks["smaller"], others=blocks)
    assert found.name == "smaller" and found.spec.name == "telea"
    assert found.params == Params(steps=1, size=Size(width=2, height=1))
    shared = {"quick": {"steps": 2, "size": {"height": 9}, "depth": 1}, "slow": {"steps": 7}}
    assert registry.parse("telea", {"size": {"width": 1}}, shared=shared).params == Params(
        steps=2, size=Size(width=1, height=9)
    )
    assert registry.parse("own", {"use": "telea"}).params == Params()


def test_use_of_nothing_known_and_in_a_circle(registry):
    with pytest.raises(MaskbenchError, match=r"restorers.own.use: tela: unknown .*mean telea"):
        registry.parse("own", {"use": "tela"})
    blocks = {"a": {"use": "b"}, "b": {"use": "a"}}
    with pytest.raises(MaskbenchError, match=r"restorers.b.use: a circle: a, b, a"):
        registry.parse("a", blocks["a"], others=blocks)


def test_a_block_is_pickled_and_printed_alike(registry):
    block = registry.parse("telea", {"steps": 5})
    assert pickle.loads(pickle.dumps(block)) == block
    assert repr(block) == "Block('telea', 'telea', Params(steps=5, size=Size(width=8, height=4)))"
