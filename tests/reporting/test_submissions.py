"""Submitted numbers: every wrong cell is named, and right ones stand on the first page."""

import os
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import maskbench
from maskbench.cli import app
from maskbench.errors import MaskbenchError
from maskbench.measurements import COLUMNS, to_frame
from maskbench.reporting.make_index import make_index
from maskbench.reporting.submissions import Known, check, read

from .conftest import measurement

ROOT = Path(maskbench.__file__).parents[2]
KNOWN = Known({"orl"}, {"wgan_stn", "pywgan_div", "arcface"}, "mtcnn+0.2/144")
OWN = [
    measurement("doe_net", 0, "placement_iou", 0.81, ci_low=0.79, ci_high=0.83),
    measurement("wgan_stn", 0, "placement_iou", 0.5, ci_low=0.45, ci_high=0.55),
    measurement("arcface", 0, "auc", 0.9, step="recognition", training_set="doe_net", backbone="a"),
]
HEADER = "# source: Doe <b>2026</b>\n# contact: doe@example.org\n# method doe_net: Doe's network\n"


@pytest.fixture
def file(tmp_path):
    """Write a table, below a header or without."""

    def write(rows=OWN, header=HEADER, name="doe.csv", **cells):
        frame = rows if isinstance(rows, pd.DataFrame) else to_frame(rows)
        frame = frame.assign(**cells)
        path = tmp_path / name
        path.write_text(header + frame.to_csv(index=False), "utf-8")
        return path

    return write


def faults(path, known=KNOWN, **more):
    return [str(problem) for problem in check(path, known, **more)[1]]


def test_a_right_file_is_read(file):
    found, problems = check(file(mlflow_run_id="abc"), KNOWN)
    assert problems == []
    assert (found.name, found.source, found.contact) == (
        "doe",
        "Doe <b>2026</b>",
        "doe@example.org",
    )
    assert found.titles == {"doe_net": "Doe's network"}
    assert sorted(found.measurements["value"]) == [0.5, 0.81, 0.9]
    assert set(found.measurements["mlflow_run_id"]) == {""}


# A cell of the first row, which line 5 of the file holds, and what is said of it.
FAULTS = {
    "metric": ("placement_iuo", "unknown metric; did you mean placement_iou?"),
    "method": ("wgan_st", "unknown method; did you mean wgan_stn?; or name your own with --method"),
    "dataset": ("olr", "unknown dataset; did you mean orl?"),
    "protocol": ("standart", "unknown protocol; did you mean standard?"),
    "step": ("", "is empty; known: costs, guides, recognition"),
    "split": ("train", "unknown split"),
    "styles": ("sene", "did you mean seen?"),
    "training_set": ("bare", "bare: only recognisers have a training set; leave it empty"),
    "crop": ("mtcnn+0.2/64", "the faces of this configuration are mtcnn+0.2/144; measure on"),
    "backbone": ("", "is empty; name the network and its weights, or write none"),
    "seed": ("0.0", "'0.0' is no count; write 0, 1, 2"),
    "n_people": ("-1", "'-1' is no count"),
    "value": ("nan", "'nan' is no finite number"),
    "ci_high": ("", "an interval has two ends; give both or neither"),
}


@pytest.mark.parametrize("column", FAULTS)
def test_a_wrong_cell_is_named_with_line_column_and_way_out(file, column):
    cell, words = FAULTS[column]
    rows = to_frame(OWN[:1]).astype(str)
    rows[column] = cell
    found = faults(file(rows))
    assert len(found) == 1, found
    assert re.search(rf"doe\.csv, line 5, column {column}: ", found[0])
    assert words in found[0]


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (0.81, 0.82, 0.9, "the interval 0.82 to 0.9 does not hold the value 0.81"),
        (0.81, 0.9, 0.7, "does not hold the value"),
        (81.0, 79.0, 83.0, "placement_iou lies between 0 and 1, not at 81; give shares"),
    ],
)
def test_an_interval_holds_its_value_and_a_share_is_no_percentage(file, value, low, high, words):
    rows = [measurement("wgan_stn", 0, "placement_iou", value, ci_low=low, ci_high=high)]
    assert words in faults(file(rows))[0]


def test_a_number_without_value_needs_a_reason(file):
    rows = [measurement("wgan_stn", 0, "ssim", None)]
    assert "column value: is empty; write the number, or a note" in faults(file(rows))[0]
    assert faults(file([measurement("wgan_stn", 0, "ssim", None, note="diverged")])) == []


def test_rows_with_the_same_fault_are_named_together(file):
    rows = to_frame([measurement("wgan_stn", seed, "ssim", 0.5) for seed in range(6)])
    rows.loc[[0, 1, 2, 5], "metric"] = "sim"
    (found,) = faults(file(rows))
    assert "doe.csv, lines 5 to 7, 10, column metric: sim: unknown metric" in found


def test_a_number_stands_once(file):
    rows = to_frame([measurement("wgan_stn", 0, "ssim", value) for value in (0.5, 0.6)])
    assert "line 6: is the same number as line 5; keep one" in faults(file(rows))[0]


def test_what_is_wrong_with_a_file_as_a_whole(file):
    frame = to_frame(OWN)
    assert "unknown column; did you mean value?" in faults(file(frame.assign(valeu=1)))[0]
    assert "has the column note not" in faults(file(frame.drop(columns="note")))[0]
    assert "holds no numbers" in faults(file([]))[0]
    assert faults(file(header=""), titles=["doe_net=Doe"]) == [
        f"{file(header='')}: has no {key}; add --{key}, or the line «# {key}: ...» above it"
        for key in ("source", "contact")
    ]
    taken = faults(file(header=HEADER + "# method wgan_stn: Mine\n"))
    assert "wgan_stn has a meaning here already" in taken[0]
    with pytest.raises(MaskbenchError, match="line 1: scource: unknown; use source"):
        check(file(header="# scource: x\n"), KNOWN)


def submit(*arguments, folder):
    given = ["submit", *map(str, arguments), "--folder", str(folder)]
    return CliRunner().invoke(app, [*given, "--params", str(ROOT / "params.yaml")])


def test_the_command_keeps_what_is_right_and_nothing_else(file, tmp_path):
    folder = tmp_path / "submissions"
    wrong = file(metric="auk")
    done = submit(wrong, folder=folder)
    assert done.exit_code == 1 and not folder.exists()
    assert "lines 5 to 7, column metric: auk: unknown metric" in done.stderr
    assert "1 error, nothing was added" in done.stderr

    plain = file(header="", name="numbers.csv")
    more = ["--source", "Doe 2026", "--contact", "doe@example.org", "--name", "doe"]
    done = submit(plain, *more, "--method", "doe_net=Doe's network", folder=folder)
    assert done.exit_code == 0, done.output
    kept = (folder / "doe.csv").read_text("utf-8")
    lines = kept.splitlines()
    assert lines[:4] == [
        "# source: Doe 2026", "# contact: doe@example.org", "# method doe_net: Doe's network",
        ",".join(COLUMNS),
    ]  # fmt: skip
    again = submit(folder / "doe.csv", "--params", "config/full.yaml", folder=folder)
    assert again.exit_code == 0  # only checked
    assert "all make_index --configfile config/full.yaml\n" in again.output
    assert (folder / "doe.csv").read_text("utf-8") == kept
    done = submit(plain, *more[2:], "--source", "Roe", "--method", "doe_net=x", folder=folder)
    assert "is a submission of Doe 2026; choose another --name" in done.stderr
    assert (folder / "doe.csv").read_text("utf-8") == kept


def test_the_first_page_marks_what_was_submitted(file, tmp_path):
    own = [
        measurement("pywgan_div", 0, "placement_iou", 0.6, ci_low=0.55, ci_high=0.65),
        measurement("wgan_stn", 0, "placement_iou", 0.52, ci_low=0.49, ci_high=0.6),
        measurement(
            "arcface", 0, "auc", 0.8, step="recognition", training_set="bare", backbone="a"
        ),
    ]
    to_frame(own).to_csv(tmp_path / "measurements.csv", index=False)
    claims = pd.DataFrame({"paper": ["A"], "id": ["a"], "verdict": ["supported"]})
    claims.to_csv(tmp_path / "claims.csv", index=False)
    other = measurement("doe_net", 0, "placement_iou", 0.9, crop="mtcnn+0.2/64")
    submission = file([*OWN, other])
    (tmp_path / "page").mkdir()
    page = tmp_path / "page" / "index.html"
    make_index(tmp_path / "measurements.csv", tmp_path / "claims.csv", page,
               submissions=[submission])  # fmt: skip
    text = re.sub(r"\s+", " ", page.read_text("utf-8"))
    rows = [
        re.sub(r"<[^>]*>", " ", row).split() for row in re.findall(r"<tr[^>]*>(.*?)</tr>", text)
    ]
    placed = [row for row in rows if "0.810" in row or "0.600" in row or "0.5" in " ".join(row)]
    names = [" ".join(row[:5]) for row in placed[:4]]
    assert names[0].startswith("Doe&#39;s network submitted: doe 0.810")
    assert names[1].startswith("Py-WGAN-div 0.600") and names[2].startswith("WGAN + STN 0.520")
    assert names[3].startswith("WGAN + STN submitted: doe")
    (recognised,) = [row for row in rows if "0.900" in row]
    assert " ".join(recognised[:6]) == "ArcFace submitted: doe Doe&#39;s network 0.900"
    (listed,) = [" ".join(row) for row in rows if row[:1] == ["doe"]]
    assert "Doe &lt;b&gt;2026&lt;/b&gt; doe@example.org 4 3 1" in listed
    assert listed.endswith("1: 1 within the interval")  # 0.5 lies in 0.49 to 0.6
    assert f'href="{os.path.relpath(submission, page.parent)}"' in text
    answer = re.search(r'<p class="answer">(.*?)</p>', text)[1]
    assert "Py-WGAN-div" in answer and "Doe" not in answer


def test_a_page_is_not_made_of_a_wrong_file(file):
    with pytest.raises(MaskbenchError, match="line 5, column value: 'x' is no finite number"):
        read(file(to_frame(OWN[:1]).astype(str).assign(value="x")))
