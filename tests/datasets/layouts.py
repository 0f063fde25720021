"""A tiny tree of each data set in its published layout, and what breaks it.

Each entry: the files (a text, or None for a picture); what is read of it, as (source, identity,
extra); and trees that are refused: a change of files (False: removed), and the words of the error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

Files = dict[str, Any]


def made(root: Path, files: Files) -> Path:
    """Write a tree; no two pictures are equal."""
    for number, (name, content) in enumerate(files.items()):
        path = root / name
        if content is False:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            Image.new("RGB", (4, 4), (number % 256, number // 256, 0)).save(path, "PNG")
        else:
            path.write_text(content, "utf-8")
    return root


def labelled(mask: str) -> dict[str, str]:
    return {"mask": mask}


def part(name: str) -> dict[str, str]:
    return {"part": name}


AFDB, AFDB_MASKED = "AFDB_face_dataset", "AFDB_masked_face_dataset"
LAYOUTS: dict[str, tuple[Files, list[tuple[str, str, dict]], list[tuple[Files, str]]]] = {
    "lfw": (
        {"Zoë_D'Or/Zoë_D'Or_0001.jpg": None, "Al_Gore/Al_Gore_0002.jpg": None,
         "Al_Gore/other.jpg": None},
        [("Zoë_D'Or/Zoë_D'Or_0001.jpg", "Zoë_D'Or", {}),
         ("Al_Gore/Al_Gore_0002.jpg", "Al_Gore", {})],
        [({"Zoë_D'Or/Zoë_D'Or_0001.jpg": False, "Al_Gore/Al_Gore_0002.jpg": False},
          "holds no pictures in the layout of the adapter lfw, <identity>/<identity>_NNNN.jpg")],
    ),
    "mfr2": (
        {"Ann/Ann_0001.png": None, "Ann/Ann_0002.png": None,
         "mfr2_labels.txt": "Ann, 1, KN95\nAnn, 2, no-mask\n", "pairs.txt": "Ann 1 2\n"},
        [("Ann/Ann_0001.png", "Ann", labelled("KN95")), ("Ann/Ann_0002.png", "Ann", labelled(""))],
        [({"mfr2_labels.txt": "Ann, 1, KN95\n"}, "no line for Ann/Ann_0002.png; take the file"),
         ({"mfr2_labels.txt": False}, "mfr2_labels.txt: no such file")],
    ),
    "celeba": (
        {"Img/img_align_celeba/000001.jpg": None, "Img/img_align_celeba/000002.jpg": None,
         "Anno/identity_CelebA.txt": "000001.jpg 2880\n000002.jpg 2937\n000003.jpg 8692\n",
         "Eval/list_eval_partition.txt": "000001.jpg 0\n000002.jpg 2\n000003.jpg 1\n"},
        [("Img/img_align_celeba/000001.jpg", "2880", part("train")),
         ("Img/img_align_celeba/000002.jpg", "2937", part("test"))],
        [({"Anno/identity_CelebA.txt": "000001.jpg 2880\n"},
          "identity_CelebA.txt: has no line for Img/img_align_celeba/000002.jpg"),
         ({"Eval/list_eval_partition.txt": "000001.jpg 0\n000002.jpg 3\n"},
          "list_eval_partition.txt, line 2: '000002.jpg 3' is not 'picture 0, 1 or 2'"),
         ({"Eval/list_eval_partition.txt": False}, "list_eval_partition.txt: is not there")],
    ),
    "ffhq": (
        {"images1024x1024/00000/00007.png": None, "images1024x1024/60000/60001.png": None,
         "images1024x1024/LICENSE.txt": "CC"},
        [("images1024x1024/00000/00007.png", "", part("train")),
         ("images1024x1024/60000/60001.png", "", part("val"))],
        [({"thumbnails128x128/00000/00007.png": None}, "holds both images1024x1024 and thumb")],
    ),
    "vggface2": (
        {"train/n000002/0001_01.jpg": None, "test/n000001/0001_01.jpg": None,
         "train_list.txt": "n000002/0001_01.jpg\n", "test_list.txt": "n000001/0001_01.jpg\n"},
        [("train/n000002/0001_01.jpg", "n000002", part("train")),
         ("test/n000001/0001_01.jpg", "n000001", part("test"))],
        [({"test_list.txt": "n000009/0001_01.jpg\n"},
          "test_list.txt: has no line for test/n000001/0001_01.jpg"),
         ({"train_list.txt": "n000002\n"}, "train_list.txt, line 1: 'n000002' is not"),
         ({"train/n000002/0001_01.jpg": False, "test/n000001/0001_01.jpg": False},
          "has neither train/ nor test/; unpack the archives")],
    ),
    "casia_webface": (
        {"0000045/001.jpg": None, "0000099/001.jpg": None, "lists/x.jpg": None},
        [("0000045/001.jpg", "0000045", {}), ("0000099/001.jpg", "0000099", {})],
        [({"0000045/001.jpg": False, "0000099/001.jpg": False}, "<7 digits>/<number>.jpg")],
    ),
    "rmfrd": (
        {f"{AFDB}/aidai/1.jpg": None, f"{AFDB_MASKED}/aidai/0001.jpg": None},
        [(f"{AFDB}/aidai/1.jpg", "aidai", labelled("")),
         (f"{AFDB_MASKED}/aidai/0001.jpg", "aidai", labelled("masked"))],
        [({f"{AFDB_MASKED}/aidai/0001.jpg": False}, f"{AFDB_MASKED}: no such folder; point")],
    ),
    "rmfd": (
        {"RWMFD_part_1/0000/0002.jpg": None, "RMFD_part_2/0000/0002.jpg": None,
         "example/0.jpg": None},
        [("RWMFD_part_1/0000/0002.jpg", "1-0000", {}), ("RMFD_part_2/0000/0002.jpg", "2-0000", {})],
        [({"RWMFD_part_1/0000/0002.jpg": False, "RMFD_part_2/0000/0002.jpg": False},
          "RWMFD_part_<n>/<4 digits>/<4 digits>.jpg")],
    ),
    "rmfvd": (
        {"bare/aidai/1.jpg": None, "masked/aidai/1.jpg": None, "masked/bo li/1.jpg": None,
         "pairs.txt": "bare/aidai/1.jpg\tmasked/aidai/1.jpg\t1\n"
                      "bare/aidai/1.jpg\tmasked/bo li/1.jpg\t0\n"},
        [("bare/aidai/1.jpg", "aidai", labelled("")),
         ("masked/aidai/1.jpg", "aidai", labelled("masked")),
         ("masked/bo li/1.jpg", "bo li", labelled("masked"))],
        [({"pairs.txt": False}, "pairs.txt: no such file; put the list of pairs there"),
         ({"pairs.txt": "bare/aidai/1.jpg 1\n"}, "pairs.txt, line 1: .* is not 'picture, picture"),
         ({"pairs.txt": "bare/aidai/1.jpg masked/aidai/9.jpg 1\n"},
          "the lists beside the pictures name masked/aidai/9 and 0 more that are not there")],
    ),
    "maskedface_net": (
        {"CMFD/00000/00001_Mask.jpg": None, "IMFD/00000/00002_Mask_Nose_Mouth.jpg": None,
         "CMFD/00000/preview.jpg": None},
        [("CMFD/00000/00001_Mask.jpg", "", labelled("Mask")),
         ("IMFD/00000/00002_Mask_Nose_Mouth.jpg", "", labelled("Mask_Nose_Mouth"))],
        [({"CMFD/00000/00001_Mask.jpg": False, "CMFD/00000/preview.jpg": False,
           "IMFD/00000/00002_Mask_Nose_Mouth.jpg": False}, "has neither CMFD/ nor IMFD/")],
    ),
    "ar": (
        {"M-01-1.png": None, "M-01-11.png": None, "M-01-8.png": None, "dbf1/w-002-14.bmp": None,
         "notes.png": None},
        [("M-01-1.png", "m-01", labelled("")), ("M-01-11.png", "m-01", labelled("scarf")),
         ("dbf1/w-002-14.bmp", "w-002", labelled(""))],
        [({"M-01-1.png": False, "M-01-11.png": False, "dbf1/w-002-14.bmp": False},
          "<M, F or W>-<person>-<condition>")],
    ),
    "mlfw": (
        {"aligned/Al_Gore_0001_0002.jpg": None, "aligned/Jo_0003_0001.jpg": None,
         "origin/Jo_0003_0001.jpg": None,
         "pairs.txt": "Al_Gore_0001_0002.jpg\tJo_0003_0001.jpg\t0\n"},
        [("aligned/Al_Gore_0001_0002.jpg", "Al_Gore", labelled("masked")),
         ("aligned/Jo_0003_0001.jpg", "Jo", labelled("masked"))],
        [({"pairs.txt": False}, "pairs.txt: is not there; unpack the whole archive"),
         ({"pairs.txt": "Al_Gore_0001_0002.jpg\tJo_0003_0001.jpg\t2\n"}, "pairs.txt, line 1")],
    ),
    "pku_masked": (
        {"images/17_0/0_0.png": None, "images/17_0/1_3.png": None, "images/17_1/0_0.png": None},
        [("images/17_0/0_0.png", "17", labelled("")),
         ("images/17_1/0_0.png", "17", labelled("masked"))],
        [({"images/17_0/0_0.png": False, "images/17_0/1_3.png": False,
           "images/17_1/0_0.png": False}, "images: no such folder")],
    ),
    "folder": (
        {"José O'Neil/a \"b\".png": None, "bo/1.jpg": None},
        [("José O'Neil/a \"b\".png", "José O'Neil", {}), ("bo/1.jpg", "bo", {})],
        [({"José O'Neil/a \"b\".png": False, "bo/1.jpg": False}, "<identity>/<picture>")],
    ),
    "flat": (
        {"a b.png": None, "é/1.jpg": None},
        [("a b.png", "", {}), ("é/1.jpg", "", {})],
        [({"a b.png": False, "é/1.jpg": False}, "<picture>, or <folder>/<picture>")],
    ),
}  # fmt: skip
