"""Map expectations that ask for their condition alone and remember what they are.

Great Expectations rebuilds an expectation's configuration some hundred times a validation and works out seven metrics
where one says all: about 10 ms an expectation, whatever the rows. With a catalog of hundreds of rules that is nearly
all of the time. The mixin keeps the map metric, core or our own, and reads the result from its condition;
``tests/expectations/test_custom.py`` compares it with the long way.
"""

from __future__ import annotations

from abc import ABC
from typing import Any

import numpy as np
from great_expectations.compatibility import pydantic
from great_expectations.core.id_dict import IDDict
from great_expectations.expectations.core import (
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToNotBeNull,
    ExpectCompoundColumnsToBeUnique,
)
from great_expectations.expectations.expectation import (
    BatchExpectation,
    ColumnPairMapExpectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.registry import _registered_metrics
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies


class Swift(BatchExpectation, ABC):
    """A mixin for map expectations without ``mostly``, in the COMPLETE result format without values."""

    _remembered: ExpectationConfiguration | None = pydantic.PrivateAttr(default=None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        if self._remembered is None:
            self._remembered = super().configuration
        return self._remembered

    @property
    def _condition(self) -> str:
        return f"{getattr(self, 'map_metric', '')}.condition"

    def get_validation_dependencies(
        self,
        execution_engine: Any = None,  # noqa: ARG002
        runtime_configuration: dict[str, Any] | None = None,
        **_: Any,
    ) -> ValidationDependencies:
        given = {**self._get_runtime_kwargs(runtime_configuration), "batch_id": self.batch_id}
        needs = ValidationDependencies(metric_configurations={}, result_format=given["result_format"])
        for name in (self._condition, "table.row_count"):
            needs.set_metric_configuration(name, _metric(name, given))
        return needs

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        failed, *_ = metrics[self._condition]
        rows, judged = int(metrics["table.row_count"]), len(failed)
        positions = failed.index.to_numpy()[np.flatnonzero(failed.to_numpy(dtype=bool))].tolist()
        return {
            "success": not positions,
            "result": {
                "element_count": rows,
                "unexpected_count": len(positions),
                "unexpected_percent": 100 * len(positions) / judged if judged else None,
                "missing_count": rows - judged,
                "missing_percent": 100 * (rows - judged) / rows if rows else None,
                "unexpected_percent_total": 100 * len(positions) / rows if rows else None,
                "unexpected_percent_nonmissing": 100 * len(positions) / judged if judged else None,
                "partial_unexpected_index_list": positions[:20],
                "unexpected_index_list": positions,
            },
        }


def _metric(name: str, given: dict[str, Any]) -> MetricConfiguration:
    definition = _registered_metrics[name]
    defaults = definition["default_kwarg_values"]
    domain = {key: given.get(key) or defaults.get(key) for key in definition["metric_domain_keys"]}
    value = {
        key: given[key] if given.get(key) is not None else defaults.get(key) for key in definition["metric_value_keys"]
    }
    return MetricConfiguration(name, metric_domain_kwargs=IDDict(domain), metric_value_kwargs=IDDict(value))


class SwiftPair(Swift, ColumnPairMapExpectation, ABC):
    """Base of expectations of two columns."""


class SwiftRow(Swift, MulticolumnMapExpectation, ABC):
    """Base of expectations of several columns."""


class ExpectFigureToBeBetween(Swift, ExpectColumnValuesToBeBetween):
    """The core expectation, swift."""


class ExpectFigureToBeGiven(Swift, ExpectColumnValuesToNotBeNull):
    """The core expectation, swift."""


class ExpectCodeToBeInSet(Swift, ExpectColumnValuesToBeInSet):
    """The core expectation, swift."""


class ExpectRowsToBeUnique(Swift, ExpectCompoundColumnsToBeUnique):
    """The core expectation, swift."""
