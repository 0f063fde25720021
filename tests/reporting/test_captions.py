"""Every table and figure has a caption that the report can read."""

from docutils.core import publish_parts

from maskbench.reporting.captions import caption, write_captions
from maskbench.reporting.papers import papers


def test_every_caption_is_text_without_markup(tmp_path):
    write_captions(tmp_path)
    records = {
        name: (paper, record)
        for paper in papers().values()
        for name, record in (*paper.tables.items(), *paper.figures.items())
    }
    assert {path.stem for path in tmp_path.iterdir()} == set(records)
    for path in tmp_path.iterdir():
        settings = {"halt_level": 2, "report_level": 2}  # a warning is an error
        body = publish_parts(
            path.read_text("utf-8"), writer_name="html", settings_overrides=settings
        )["body"]
        assert body.startswith("<p>") and "<em>" not in body
    paper, record = records["table2_pywgan"]
    assert caption(paper, record).endswith(f"Beside Table 2 of {paper.paper}.")
