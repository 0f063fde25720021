"""Pages from templates, ``*.j2`` beside this module."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

import jinja2
import tabulate

from maskbench.reporting.aggregate import superscript
from maskbench.reporting.table_page import Grid

_LATEX = str.maketrans({
    **tabulate.LATEX_ESCAPE_RULES,
    "±": r"$\pm$", "−": r"$-$", "↑": r"$\uparrow$", "↓": r"$\downarrow$", "σ": r"$\sigma$",
    "λ": r"$\lambda$", "–": "--", "×": r"$\times$",
    **{sign: rf"\textsuperscript{{{value}}}" for value, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
})  # fmt: skip


def render(
    template: str, filters: Mapping[str, Callable[..., object]] | None = None, **values: object
) -> str:
    """The text of ``template.j2``; HTML is escaped.

    Args:
        template: name, e.g. ``table.html``.
        filters: further ones that it has.
        values: what stands in it.
    """
    environment = _environment(template.endswith(".html"))
    environment.filters.update(filters or {})
    return environment.get_template(f"{template}.j2").render(**values)


@cache
def _environment(html: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("maskbench", "reporting"),
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    own = (plain, latex, sentences, pipe, initial, superscript)
    environment.filters |= {function.__name__: function for function in own}
    return environment


def plain(text: str) -> str:
    """Text that Markdown does not take for formatting."""
    text = re.sub(r"[\\|*]", r"\\\g<0>", text.replace("\n", " "))
    return re.sub(r"(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])", r"\\\g<0>", text)


def latex(text: str) -> str:
    """Text that LaTeX prints as it is written."""
    return text.translate(_LATEX)


def initial(text: str) -> str:
    """Text with a capital letter first."""
    return text[:1].upper() + text[1:]


def sentences(texts: Iterable[str]) -> str:
    """Each text as a sentence."""
    return " ".join(f"{initial(text).rstrip('.')}." for text in texts)


def pipe(grid: Grid) -> str:
    """A Markdown table: words to the left, numbers to the right."""
    align = ["left" if i < grid.names else "right" for i in range(len(grid.head))]
    tabulate.MIN_PADDING = 0  # else every heading is two blanks wider than it is
    return str(
        tabulate.tabulate(
            [[plain(text.value) for text in row] for row in grid.rows],
            [plain(head) for head in grid.head],
            tablefmt="pipe",
            colalign=align if grid.rows else None,
            disable_numparse=True,
        )
    )
