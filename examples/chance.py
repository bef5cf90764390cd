"""Chance that comes out the same on every machine."""

from __future__ import annotations

from random import Random


def chance(*parts: object) -> Random:
    """A generator that depends on nothing but the parts it is named after."""
    return Random("|".join(map(str, parts)))  # noqa: S311 - figures for practice, no secrets
