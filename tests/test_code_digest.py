"""What of the code makes a result stale."""

import pytest

from maskbench import code_digest
from maskbench.code_digest import code_files


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a step that imports a helper, and a method that nobody imports."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "errors.py").write_text("A = 1\n")
    (tmp_path / "sub" / "__init__.py").write_text("")
    (tmp_path / "sub" / "step.py").write_text(
        '"""Doc."""\nfrom maskbench.errors import A\n\ndef step():\n'
        '    """Doc."""\n    from maskbench.sub import helper\n    return helper.B\n'
    )
    (tmp_path / "sub" / "helper.py").write_text("B = 2\n")
    (tmp_path / "sub" / "method.py").write_text("C = 3\n")
    (tmp_path / "art.svg").write_text("<svg/>")
    monkeypatch.setattr(code_digest, "ROOT", tmp_path)
    return tmp_path


def digest(*modules, files=()):
    code_digest.code_digest.cache_clear()
    code_digest._read.cache_clear()
    code_digest._file.cache_clear()
    return code_digest.code_digest(("maskbench.sub.step", *modules), files)


def test_imports_are_followed_inside_functions_too(package):
    assert set(code_files(["maskbench.sub.step"])) == {
        "maskbench.sub", "maskbench.sub.step", "maskbench.sub.helper",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text", "changes"),
    [
        ("sub/helper.py", "B = 3\n", True),
        ("sub/helper.py", '"""Documented."""\n# a comment\nB = 2\n', False),
        ("errors.py", "A = 5\n", False),  # infrastructure
        ("sub/method.py", "C = 4\n", False),  # not named
    ],
)
def test_only_code_that_decides_counts(package, file, text, changes):
    before = digest()
    (package / file).write_text(text)
    assert (digest() != before) is changes


def test_named_modules_and_files_count(package):
    before = digest("maskbench.sub.method"), digest(files=("*.svg",))
    assert digest("maskbench.sub.method") == before[0] != digest()
    (package / "sub" / "method.py").write_text("C = 4\n")
    (package / "art.svg").write_text("<svg> </svg>")
    assert digest("maskbench.sub.method") != before[0]
    assert digest(files=("*.svg",)) != before[1]
