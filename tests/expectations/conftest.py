"""Submissions without workbooks: the shipped examples, whole or with one thing broken, as the rooms hand them over."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.load import Catalog, load_catalog
from tasks.proving import Batch, Patch, stacked


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def make_batch(catalog: Catalog) -> Any:
    """``make_batch("review-report", {}, {"figures": {"registrants": None}})``: a submission a patch, from file 1."""

    def build(form: str, *patches: Patch, **header: Any) -> Batch:
        return stacked(catalog, form, patches, header)

    return build
