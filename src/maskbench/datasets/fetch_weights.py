"""Step ``fetch_weights``: put the networks' weights into one folder under the table's names.

    <name>          the files (see :mod:`maskbench.datasets.weights`)
    weights.json    name -> file, sha256, source, licence, present, reason

Files are copied out of the cache, not linked, so that no change to a result reaches the cache.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from maskbench.artifacts import atomic_dir, sha256_of, write_json
from maskbench.datasets.download import copy, from_package
from maskbench.datasets.url import Unreachable, from_url
from maskbench.datasets.weights import WEIGHTS, WEIGHTS_JSON, Packaged, Published

# Published weights are optional, so a run without a network must not wait for them: a silent host
# costs one time-out, and only what fails at once (broken connection, busy server) is tried again.
TIMEOUT = 4.0  # seconds
ATTEMPTS, PAUSE = 3, 0.3  # pauses of 0.3 and 0.6 seconds
NOT_ASKED = "not asked for (metrics.weights: packaged)"
log = logging.getLogger(__name__)


def fetch_weights(out: Path, published: bool) -> None:
    """Write the folder ``out`` with all packaged and, if ``published``, the published weights.

    Packaged weights are mandatory. Published ones that cannot be fetched (no network, or a proxy
    that answers with its own page) are listed as absent, with the reason.

    Raises:
        MaskbenchError: packaged weights are neither in the cache nor on the index or have a wrong
            checksum, the disk is full ...
    """
    out = Path(out)
    with atomic_dir(out) as tmp:
        listing: dict[str, dict[str, Any]] = {}
        dead_hosts: set[str] = set()
        for name, entry in WEIGHTS.items():
            file, reason = None, ""
            if isinstance(entry, Packaged):
                file = from_package(entry.package) / entry.member
            elif published:
                file, reason = _published(entry, dead_hosts)
            else:
                reason = NOT_ASKED
            if file is not None:
                copy(file, tmp / name, shown=out / name)
            listing[name] = {
                "file": name if file is not None else None,
                "sha256": _full(entry.sha256, file),
                "source": entry.source,
                "licence": entry.licence,
                "present": file is not None,
                "reason": reason,
            }
        write_json(tmp / WEIGHTS_JSON, listing)


def _full(sha256: str, file: Path | None) -> str:
    """The whole checksum; computed only where the table has no more than its beginning."""
    return sha256 if file is None or len(sha256) == 64 else sha256_of(file)


def _published(entry: Published, dead_hosts: set[str]) -> tuple[Path | None, str]:
    """The cached file, or None and why not. Hosts that did not answer are not asked again."""
    name = urlsplit(entry.source).path.rsplit("/", 1)[-1]
    hosts = {urlsplit(url).netloc for url in entry.urls}
    alive = [url for url in entry.urls if urlsplit(url).netloc not in dead_hosts]
    reason = f"{', '.join(sorted(hosts))} could not be reached"
    try:
        # With no live host left, an empty list still finds what the cache holds.
        file = from_url(
            alive,
            name,
            entry.sha256,
            attempts=ATTEMPTS,
            timeout=TIMEOUT,
            pause=PAUSE,
            retry_silence=False,
        )
        return file, ""
    except Unreachable as error:
        if alive:
            log.warning("%s; what needs these weights uses the packaged network instead", error)
        if error.answered:
            return None, error.what
        dead_hosts |= hosts
        return None, reason
