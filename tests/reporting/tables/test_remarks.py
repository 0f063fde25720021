"""Where a remark goes: caption, heading, name of the line, or cell."""

from maskbench.reporting.aggregate import superscript
from maskbench.reporting.remarks import HEAD, LINE, Footnotes, Remark

ALL = {(line, column) for line in range(3) for column in range(2)}


def placed(texts, among=ALL, kind="note"):
    """Footnotes of texts with the cells that each holds for."""
    remarks = [Remark(kind, text, place) for text, places in texts.items() for place in places]
    return Footnotes([*remarks, *(Remark(kind, "", place) for place in among)])


def test_what_holds_for_everything_goes_to_the_caption():
    notes = placed({"shared": ALL})
    assert (notes.shared, notes.texts) == ({"note": ["shared"]}, [])


def test_columns_then_lines_then_cells():
    notes = placed(
        {
            "a column": {(line, 1) for line in range(3)},
            "a line": {(2, 0), (2, 1)},
            "a cell": {(0, 0)},
            "a column and a cell": {(0, 0), (1, 0), (2, 0), (1, 1)},
        }
    )
    assert notes.texts == ["a column and a cell", "a column", "a cell", "a line"]
    assert (notes.mark(HEAD, 0), notes.mark(HEAD, 1)) == ("¹", "²")
    assert (notes.mark(2, LINE), notes.mark(0, LINE)) == ("⁴", "")
    assert (notes.mark(0, 0), notes.mark(1, LINE), notes.mark(1, 1)) == ("³", "¹", "")


def test_what_was_not_measured_hides_no_column():
    """Cells without a number do not count: the rest of the column shares the remark."""
    notes = placed({"network": {(0, 1), (1, 1)}}, ALL - {(2, 1)})
    assert notes.mark(HEAD, 1) == "¹"


def test_what_most_share_goes_to_the_caption():
    notes = placed({"3 seeds": ALL - {(0, 0)}, "1 seed": {(0, 0)}}, kind="seeds")
    assert (notes.shared, notes.mark(0, 0)) == ({"seeds": ["3 seeds"]}, "¹")


def test_superscripts():
    assert [superscript(n) for n in (1, 12, 103)] == ["¹", "¹²", "¹⁰³"]
