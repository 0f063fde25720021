"""The small sets of the reporting tests."""

from ..reporting.conftest import faces, masked  # noqa: F401
