from xml.etree import ElementTree

from maskbench.reporting.table_text import (
    NOT_MEASURED,
    Block,
    Text,
    escape_latex,
    escape_markdown,
    to_html,
    to_latex,
    to_markdown,
)


def test_latex_escapes_every_special_sign():
    text = r"50% of a_b & c#d {x} ~ ^ $5 \ <1> ±−↑↓°"
    assert escape_latex(text) == (
        r"50\% of a\_b \& c\#d \{x\} \textasciitilde{} \textasciicircum{} \$5 \textbackslash{} "
        r"\textless{}1\textgreater{} $\pm$$-$$\uparrow$$\downarrow$$^{\circ}$"
    )


def test_markdown_cells_stay_cells():
    assert escape_markdown("a|b_c*\n<d>") == r"a\|b\_c\* &lt;d>"


def table():
    rows = [["a_1", "0.5"], ["b|2", "−1.0 ± 0.1"], ["c", ""]]
    return Text("t", "Title: 100%", ["Name", "Value [x]"], [Block("Seen", rows)], ["Note & more."])


def test_markdown_page():
    assert to_markdown(table()).splitlines() == [
        "# Title: 100%",
        "",
        "## Seen",
        "",
        "| Name | Value [x] |",
        "| --- | ---: |",
        r"| a\_1 | 0.5 |",
        r"| b\|2 | −1.0 ± 0.1 |",
        "| c |  |",
        "",
        "- Note & more.",
    ]


def test_latex_table():
    text = to_latex(table())
    assert r"\begin{tabular}{lr}" in text
    assert r"\caption{Title: 100\%. Note \& more.}" in text
    assert r"a\_1 & 0.5 \\" in text
    assert text.count(r"\begin") == text.count(r"\end") == 2
    assert r"\multicolumn{2}{l}{\textit{Seen}} \\" in text


def test_a_row_that_opens_with_a_bracket_is_no_argument():
    text = to_latex(Text("t", "T", ["a"], [Block("", [["[0, 1]"]])]))
    assert "{}[0, 1] \\\\" in text


def test_no_rows_is_still_a_table():
    assert "| a | b |" in to_markdown(Text("t", "T", ["a", "b"], [Block("", [])]))


def test_html_page():
    page = to_html(
        Text("t", "a < b", ["Name", "Value"], [Block("", [["x & y", "1"], ["good", "2"]])], ["n"],
             lead="2 good", marks={"good": "green"})
    )  # fmt: skip
    root = ElementTree.fromstring(
        page.replace("<!DOCTYPE html>\n", "").replace('<meta charset="utf-8">', "")
    )
    cells = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    assert cells == [["Name", "Value"], ["x & y", "1"], ["good", "2"]]
    assert [cell.get("class") for cell in root.iter("td")] == [None, "number"] * 2
    assert [cell.get("style") for cell in root.iter("td")][2].startswith("color: green")
    assert "a &lt; b</h1>" in page
    assert "<p>2 good</p>" in page
    assert "http" not in page  # opens offline


def test_html_gives_mean_seeds_and_interval_a_line_each():
    cell = "0.90 ± 0.02 (2 seeds) [0.80, 0.92]"
    page = to_html(Text("t", "T", ["a (b)", "c"], [Block("", [["GAN (a)", cell]])]))
    assert '<td class="number">0.90 ± 0.02<br/>(2 seeds)<br/>[0.80, 0.92]</td>' in page
    assert "a (b)" in page and "GAN (a)" in page


def test_what_was_not_measured_leaves_a_column_of_numbers_one():
    rows = [["GAN", "0.90 (1 seed)", NOT_MEASURED], ["WGAN", NOT_MEASURED, NOT_MEASURED]]
    table = Text("t", "T", ["a", "b", "c"], [Block("", rows)])
    assert '<td class="number">not measured</td><td>not measured</td>' in to_html(table)
    assert "| --- | ---: | --- |" in to_markdown(table)
