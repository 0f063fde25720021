"""Draw one figure from the files it names; the same inputs give the same bytes.

A figure is a module of :mod:`maskbench.reporting.figures` with ``NEEDS`` (the inputs below) and
``draw(inputs)``; its file name is the figure's name. Inputs that a figure does not need may be
given and are not read.

=================== ============================================ ===============================
figure              needs                                        shows
=================== ============================================ ===============================
fig5                faces, masked (a MaskedSet a method, one     paper 1, Figure 5: four poses x
                    seed), styles (the five)                     methods x styles
placement_training  models (model folders with snapshots/ of     placement through training
                    one method, the first is drawn)
loss_curves         models (all methods and seeds)               what each network minimised
mask_styles         mask_pictures, styles, unseen_styles         the mask pictures by name
maskfacenet_fig1    pictures (the data set), masked (keypoint)   paper 2, Figure 1
maskfacenet_fig2    masked (keypoint)                            paper 2, Figure 2
maskfacenet_fig3    masked (keypoint), faces, restored           paper 2, Figure 3
restoration_sheet   faces, masked (keypoint), restored           mask removal beside the bare face
real_masks          worn, unmasked                               mask removal on real masks
roc_det             recognition                                  ROC and DET, standard pairs
cmc                 recognition                                  closed-set identification
cosine_histograms   recognition                                  genuine and impostor scores
embeddings          recognition                                  bare and masked faces, two axes
recognition_curves  recognisers                                  what recognisers minimised
=================== ============================================ ===============================

==================  ==========================================================================
input               what it is
==================  ==========================================================================
faces               a FaceSet, ``faces/{dataset}``
masked              MaskedSets, ``masked/{dataset}/{method}/seed{seed}``; the method is read
                    from their rows
models              model folders, ``models/{dataset}/{method}/seed{seed}``: method and seed are
                    the last two parts of the path
mask_pictures       ``mask_pictures``
pictures            ``pictures/{dataset}``
styles              fig5: the figure's styles; mask_styles: the styles used in training
unseen_styles       the styles kept for the test
restored            faces without their masks, ``restored/{dataset}/{restorer}/seed{seed}``
worn                FaceSets of people who really wear masks, ``faces/{dataset}``
unmasked            these without their masks, ``restored/{dataset}/{restorer}/seed{seed}``
recognition         evaluations of recognisers: ``metrics.json`` and the tables beside it
recognisers         folders of trained recognisers, ``.../{recogniser}/{training set}/seed{seed}``
==================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maskbench.artifacts import atomic_file
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.reporting import figures
from maskbench.reporting.figures.style import FigureInputs, clean_style, save


def figure_names() -> tuple[str, ...]:
    """The figures that can be drawn, sorted."""
    return figures.names()


def make_figure(
    name: str,
    out: Path,
    *,
    faces: Path | None = None,
    masked: Sequence[Path] = (),
    models: Sequence[Path] = (),
    mask_pictures: Path | None = None,
    pictures: Path | None = None,
    styles: Sequence[str] = (),
    unseen_styles: Sequence[str] = (),
    recognition: Sequence[Path] = (),
    recognisers: Sequence[Path] = (),
    restored: Sequence[Path] = (),
    worn: Sequence[Path] = (),
    unmasked: Sequence[Path] = (),
) -> None:
    """Draw the figure ``name`` into the PNG file ``out`` (200 dpi, no dates inside).

    Raises:
        MaskbenchError: unknown figure, a needed input is not given or holds nothing to draw.
    """
    if name not in figure_names():
        raise unknown_name("figure", "figure", name, figure_names())
    module = figures.load(name)
    inputs = FigureInputs(
        faces=faces,
        masked=tuple(Path(path) for path in masked),
        models=tuple(Path(path) for path in models),
        mask_pictures=mask_pictures,
        pictures=pictures,
        styles=tuple(styles),
        unseen_styles=tuple(unseen_styles),
        recognition=tuple(Path(path) for path in recognition),
        recognisers=tuple(Path(path) for path in recognisers),
        restored=tuple(Path(path) for path in restored),
        worn=tuple(Path(path) for path in worn),
        unmasked=tuple(Path(path) for path in unmasked),
    )
    for need in module.NEEDS:
        if not getattr(inputs, need):
            option = "--" + need.replace("_", "-")
            raise MaskbenchError(f"figure {name}", f"needs {need}", f"give {option}")
    with clean_style():
        drawn = module.draw(inputs)
        with atomic_file(Path(out)) as tmp:
            save(drawn, tmp)
