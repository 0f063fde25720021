"""Where a remark goes: caption, heading, name of the row, or cell."""

from maskbench.reporting.remarks import Remarks, superscript

ALL = {(row, column) for row in range(3) for column in range(2)}


def test_what_holds_for_everything_goes_to_the_caption():
    remarks = Remarks()
    remarks.add("shared", ALL, ALL)
    assert remarks.everywhere == ["shared"] and remarks.numbered().texts == []


def test_columns_then_rows_then_cells():
    remarks = Remarks()
    remarks.add("a column", {(row, 1) for row in range(3)}, ALL)
    remarks.add("a row", {(2, 0), (2, 1)}, ALL)
    remarks.add("a cell", {(0, 0)}, ALL)
    remarks.add("a column and a cell", {(0, 0), (1, 0), (2, 0), (1, 1)}, ALL)
    notes = remarks.numbered()
    assert notes.texts == ["a column and a cell", "a column", "a cell", "a row"]
    assert (notes.column(0), notes.column(1)) == ("¹", "²")
    assert (notes.row(2), notes.row(0)) == ("⁴", "")
    assert (notes.cell(0, 0), notes.row(1), notes.cell(1, 1)) == ("³", "¹", "")


def test_what_was_not_measured_hides_no_column():
    """Cells without a number do not count: the rest of the column shares the remark."""
    remarks = Remarks()
    remarks.add("network", {(0, 1), (1, 1)}, ALL - {(2, 1)})
    assert remarks.columns == {1: ["network"]}


def test_superscripts():
    assert [superscript(n) for n in (1, 12, 103)] == ["¹", "¹²", "¹⁰³"]
