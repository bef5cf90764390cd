"""Great Expectations, brought up quietly and only when it is needed: it takes seconds and 260 MB to import."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: Row positions, never the rows: cells are looked up by polars afterwards.
RESULT_FORMAT = {"result_format": "COMPLETE", "return_unexpected_index_query": False}

DOCS_SITE = "tongket"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing on the screen, nothing over the network, and the caller's warnings as they were."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.captureWarnings(False)


class Engine:
    """One context for one check: memory grows on a context that is kept, and two threads on one give wrong results.

    With ``docs`` the results of a run are kept below that folder and rendered as Data Docs.
    """

    def __init__(self, docs: Path | None = None, run_id: str = "") -> None:
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        self._docs = docs
        self._run_id = run_id or datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        self._definitions: dict[str, Any] = {}
        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        # this module of theirs gives itself a level of its own when it is imported
        logging.getLogger(ProgressBarsConfig.__module__).setLevel(logging.NOTSET)
        self._context: Any = gx.get_context(mode="ephemeral") if docs is None else _file_context(docs)
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._source: Any = self._context.data_sources.add_or_update_pandas("submissions")

    def validate(self, name: str, frame: pd.DataFrame, expectations: list[Any]) -> list[Any]:
        """The result of every expectation on a frame."""
        import great_expectations as gx

        suite = gx.ExpectationSuite(name=name, expectations=expectations)
        if self._docs is not None:
            return self._validate_and_keep(name, suite, frame)
        # not through Batch.validate, which loads and hashes the frame twice
        from great_expectations.validator.v1_validator import Validator

        validator = Validator(self._definition("frames"), RESULT_FORMAT, {"dataframe": frame})
        return list(validator.validate_expectation_suite(suite).results)

    def _definition(self, name: str) -> Any:
        """A batch definition of that name; one serves for all frames that are not kept, one after the other."""
        if name not in self._definitions:
            asset = self._source.add_dataframe_asset(name)
            self._definitions[name] = asset.add_batch_definition_whole_dataframe(name)
        return self._definitions[name]

    def _validate_and_keep(self, name: str, suite: Any, frame: pd.DataFrame) -> list[Any]:
        import great_expectations as gx
        from great_expectations.core.run_identifier import RunIdentifier

        suite = self._context.suites.add_or_update(suite)
        validation = self._context.validation_definitions.add_or_update(
            gx.ValidationDefinition(name=name, data=self._definition(name), suite=suite)
        )
        run = RunIdentifier(run_name=self._run_id, run_time=datetime.now(UTC))
        result = validation.run(batch_parameters={"dataframe": frame}, result_format=RESULT_FORMAT, run_id=run)
        return list(result.results)

    def build_docs(self) -> None:
        """Render what this run kept; without a docs folder there is nothing to render."""
        if self._docs is not None:
            self._context.build_data_docs(site_names=[DOCS_SITE])


def _file_context(docs: Path) -> Any:
    import great_expectations as gx

    docs.mkdir(parents=True, exist_ok=True)
    context = gx.get_context(mode="file", project_root_dir=docs)
    site: Any = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs / "data_docs")},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    if DOCS_SITE in context.get_site_names():
        context.update_data_docs_site(site_name=DOCS_SITE, site_config=site)
    else:
        context.add_data_docs_site(site_name=DOCS_SITE, site_config=site)
    for other in set(context.get_site_names()) - {DOCS_SITE}:
        context.delete_data_docs_site(site_name=other)
    return context
