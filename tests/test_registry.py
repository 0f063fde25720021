"""A registry finds what the modules of a package register, and nothing else."""

import sys
from types import SimpleNamespace

import pytest
from pydantic import BaseModel

from maskbench.errors import MaskbenchError
from maskbench.registry import Registry


class Params(BaseModel):
    steps: int = 3


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Of a package with one module, which registers ``telea`` when it is imported."""
    folder = tmp_path / "painters"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import painters

    made = Registry(painters, "restoration.restorers", "restorer")
    painters.register, painters.entry = made.register, SimpleNamespace(name="telea", Params=Params)
    (folder / "telea.py").write_text("import painters\npainters.register(painters.entry)\n")
    yield made
    for name in [name for name in sys.modules if name.split(".")[0] == "painters"]:
        del sys.modules[name]


def test_modules_are_found_by_importing_them(registry):
    assert registry.entries == {}
    assert list(registry.all()) == ["telea"]
    assert registry.get("telea").Params is Params


def test_wrong_names_and_blocks_are_explained(registry):
    with pytest.raises(MaskbenchError, match=r"restoration.restorers.*did you mean telea"):
        registry.get("tellea")
    assert registry.parse_params("telea", {"steps": 5}).steps == 5
    with pytest.raises(MaskbenchError, match=r"mine.yaml: restoration.restorers.telea"):
        registry.parse_params("telea", {"steps": "many"}, "mine.yaml")
