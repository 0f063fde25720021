"""All tables in one process: files, bytes, start-up, and text that every format prints."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from maskbench.artifacts import LISTING
from maskbench.errors import MaskbenchError
from maskbench.measurements import to_frame
from maskbench.reporting.aggregate import over_seeds
from maskbench.reporting.collect_measurements import collect_measurements
from maskbench.reporting.make_tables import make_tables
from maskbench.reporting.pages import render
from maskbench.reporting.papers import read_paper
from maskbench.reporting.papers import tables as known
from maskbench.reporting.table_page import Grid, Page, Section, Text, build
from maskbench.reporting.table_rows import numbers


@pytest.fixture
def made(tables):
    recognition = {"step": "recognition", "backbone": "a_net", "training_set": "keypoint"}
    return tables(
        ("gan_stn", 0, "ssim", 0.6, {"ci_low": 0.5, "ci_high": 0.7}),
        ("arcface", 0, "accuracy", 0.8, recognition | {"note": "50% & more_of < it"}),
        ("arcface", 0, "auc", 0.9, recognition),
    )


def test_every_table_in_every_format(made):
    expected = {f"{name}.{end}" for name in known() for end in ("csv", "md", "html", "tex")}
    assert {path.name for path in made.folder.iterdir()} == expected | {LISTING}


def test_same_bytes(made, tmp_path):
    make_tables(tmp_path / "m.csv", tmp_path / "again")
    for path in made.folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


@pytest.mark.parametrize("name", sorted(known()))
def test_latex_is_whole(made, name):
    text = made.text(name, "tex")
    assert text.count(r"\begin") == text.count(r"\end")
    for tabular in text.split("\\toprule\n")[1:]:
        body = tabular.split("\\bottomrule")[0].splitlines()
        cells = {line.replace(r"\&", "").count("&") for line in body if line.endswith(r"\\")}
        assert len(cells) == 1
    printed = "\n".join(
        line for line in text.splitlines() if not line.startswith(("%", "\\label", "\\begin"))
    )
    assert "_" not in printed.replace(r"\_", "") and "↑" not in printed


def test_no_measurement_is_an_error(tmp_path):
    collect_measurements([], tmp_path / "m.csv")
    with pytest.raises(MaskbenchError, match="holds no measurement"):
        make_tables(tmp_path / "m.csv", tmp_path / "tables")


def test_nothing_heavy_is_imported(made, tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from maskbench.reporting.make_tables import make_tables\n"
        "make_tables(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "heavy = {'torch', 'mlflow', 'matplotlib', 'scipy', 'skimage', 'cv2'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    files = [str(tmp_path / "m.csv"), str(tmp_path / "tables")]
    done = subprocess.run([sys.executable, "-c", code, *files], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_new_table_is_a_block_of_its_papers_file(make_measurement):
    paper = read_paper(
        """
        {paper: A and B 2030, title: New, order: 9, tables: {table9: {
          title: Sharpness, number: Table 9, where: {step: synthesis}, labels: [Model],
          columns: [{metric: my_sharpness, digits: 1, network: theirs}],
          rows: [{labels: [Ours], method: my_method, printed: {my_sharpness: 7.25}}]}}}
        """,
        "new.yaml",
    )
    rows = [
        make_measurement("my_method", seed, "my_sharpness", 5.0 + seed, backbone="other")
        for seed in (0, 1, 2)
    ]
    table = paper.tables["table9"]
    results = over_seeds(to_frame(rows)).to_dict("records")
    page = build("table9", table, paper, numbers(table, results))
    text = render("table.md", page=page)
    assert text.startswith("# Sharpness: A and B 2030, Table 9")
    assert "| 7.2 | 6.0 ± 1.0 |" in re.sub(" +", " ", text)
    assert "Differs from the paper in: pictures; training of the methods; network." in text


HEAD = ["Name", "Value ↑¹"]
PAGE = Page(
    "t",
    "Title: a < b",
    [
        Section(
            "seen",
            ["all of it: 100%"],
            Grid(HEAD, [[Text("x & y"), Text("0.5", "[0.4, 0.6]")]], 1),
            [
                Grid(
                    HEAD,
                    [
                        [Text("a_1|b"), Text("0.5")],
                        [Text(), Text("[0.4, 0.6]")],
                        [Text("*c_"), Text("−1.0 ± 0.1")],
                    ],
                    1,
                )
            ],
            ["a & b"],
        ),
    ],
    ["Note & more"],
)


def test_markdown_page():
    assert render("table.md", page=PAGE).splitlines() == [
        "# Title: a < b",
        "",
        "## Seen",
        "",
        "All of it: 100%.",
        "",
        "| Name   |   Value ↑¹ |",
        "|:-------|-----------:|",
        r"| a_1\|b |        0.5 |",
        "|        | [0.4, 0.6] |",
        r"| \*c\_  | −1.0 ± 0.1 |",
        "",
        "¹ a & b",
        "",
        "- Note & more",
    ]


def test_html_page():
    page = render("table.html", page=PAGE)
    text = page.replace("<!DOCTYPE html>\n", "")
    text = re.sub("<meta [^>]*>", "", text)
    root = ElementTree.fromstring(text)
    cells = [["".join(cell.itertext()).strip() for cell in row] for row in root.iter("tr")]
    assert cells == [["Name", "Value ↑¹"], ["x & y", "0.5[0.4, 0.6]"]]
    assert "<small>[0.4, 0.6]</small>" in page
    assert "Title: a &lt; b</h1>" in page
    assert "http" not in page  # opens offline


def test_latex_escapes_every_special_sign():
    text = re.sub(" +", " ", render("table.tex", page=PAGE))
    assert r"a\_1|b & 0.5 \\" in text
    assert r"*c\_" in text and r"$-$1.0 $\pm$ 0.1" in text
    assert r"\caption{Title: a \ensuremath{<} b: seen. All of it: 100\%.}" in text
    assert r"\par\footnotesize \textsuperscript{1} a \& b." in text
    assert r"Value $\uparrow$\textsuperscript{1}" in text
