"""The small experiment of the guides' tests."""

from ..guides.conftest import Small, small

__all__ = ["Small", "small"]
