"""The flows as Prefect deployments: schedules of the reporting calendars, and parameters as a form in the interface.

``python -m flows.deployments > prefect.yaml`` writes them for teams that run Prefect workers on a work pool.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Schedule
from prefect.types.entrypoint import EntrypointType

from catalog.recurrence import Recurrence, recurrences
from catalog.whole import Catalog
from domain.clock import ZONE, today
from domain.occasion import OccasionKind
from flows.close_period import close_period
from flows.collect_period import collect_period
from flows.open_period import open_period
from flows.remind import remind
from flows.retry_failed import retry_failed
from flows.year_end_review import year_end_review
from tasks.settings import Settings
from tasks.store import definitions, engine_for
from warehouse.engine import identity

#: A second run of the same flow waits for the first: two at once would be safe, but neither would be faster.
_ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)

#: Work pool that ``prefect.yaml`` names.
WORK_POOL = "tongket"

_TAG = "tongket"

#: How the tag begins that tells for which warehouse a deployment is served.
MARK = "warehouse-"


@dataclass(frozen=True, slots=True)
class _Offered:
    """A flow, and the occasions it serves; one without is started by a person only."""

    flow: Flow[..., Any]
    kind: OccasionKind | None = None

    @property
    def description(self) -> str:
        """What the flow does; its parameters are described where they are asked for."""
        said = (self.flow.description or "").partition("\n\nArgs:")[0]
        return "\n".join(line.strip() for line in said.splitlines())

    @property
    def tags(self) -> list[str]:
        return [_TAG, *([self.kind.value] if self.kind else [])]


#: In the order of a period's life.
OFFERED = (
    _Offered(open_period, OccasionKind.OPEN),
    _Offered(collect_period, OccasionKind.COLLECT),
    _Offered(remind, OccasionKind.REMIND),
    _Offered(retry_failed),
    _Offered(close_period, OccasionKind.CLOSE),
    _Offered(year_end_review, OccasionKind.REVIEW),
)


def mark_of(settings: Settings) -> str:
    """The tag of deployments that are served for this warehouse: two warehouses must not share a Prefect server, where
    either would get the runs of the other."""
    return MARK + hashlib.sha256(identity(engine_for(settings.url)).encode()).hexdigest()[:12]


def deployments(catalog: Catalog | None = None, since: date | None = None, mark: str = "") -> list[RunnerDeployment]:
    """A deployment for each flow, named as the flow, with the schedules of the definitions; ``mark``: one more tag.

    Where no rule says the days of a calendar they are listed from ``since`` (today) on: see
    :mod:`catalog.recurrence`.
    """
    rules = _rules(catalog, since)
    made = [
        item.flow.to_deployment(
            name=item.flow.name,
            description=item.description,
            tags=[*item.tags, *([mark] if mark else [])],
            schedules=[_schedule(rule) for rule in rules.get(item.kind, [])] if item.kind else None,
            concurrency_limit=_ONE_AT_A_TIME,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for item in OFFERED
    ]
    assert all(isinstance(item, RunnerDeployment) for item in made)
    return made  # type: ignore[return-value]  # to_deployment is declared for synchronous and asynchronous callers


def _rules(catalog: Catalog | None, since: date | None) -> dict[OccasionKind, list[Recurrence]]:
    return recurrences(catalog or definitions(Settings()), since or today())


def _schedule(rule: Recurrence) -> Schedule:
    return Schedule(cron=rule.cron or None, rrule=rule.rrule or None, timezone=ZONE.key, slug=rule.slug)


# ------------------------------------------------------------------------------------------------ prefect.yaml

_HEAD = """\
# Deployments for Prefect workers on a work pool; "tongket serve" needs none of this.
# Made from the definitions, not by hand:  python -m flows.deployments > prefect.yaml
# Then:  prefect work-pool create --type process {pool} && prefect --no-prompt deploy --all
"""


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as they are read."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def prefect_yaml(catalog: Catalog, since: date) -> str:
    """The deployments as the file ``prefect deploy`` reads. Workers have the program installed: nothing is pulled."""
    rules = _rules(catalog, since)
    whole = {
        "name": _TAG,
        "pull": [],
        "deployments": [_as_mapping(item, rules.get(item.kind, []) if item.kind else []) for item in OFFERED],
    }
    text = yaml.dump(whole, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=200)
    return _HEAD.format(pool=WORK_POOL) + text


def _as_mapping(item: _Offered, rules: list[Recurrence]) -> dict[str, Any]:
    schedules = [
        {
            "slug": rule.slug,
            **({"cron": rule.cron} if rule.cron else {"rrule": rule.rrule}),
            "timezone": ZONE.key,
            "active": True,
        }
        for rule in rules
    ]
    return {
        "name": item.flow.name,
        "description": item.description,
        "entrypoint": f"{item.flow.fn.__module__}.{item.flow.fn.__name__}",
        "tags": item.tags,
        "parameters": {},
        "schedules": schedules,
        "concurrency_limit": {
            "limit": _ONE_AT_A_TIME.limit,
            "collision_strategy": _ONE_AT_A_TIME.collision_strategy.value,
        },
        "work_pool": {"name": WORK_POOL},
    }


if __name__ == "__main__":
    sys.stdout.write(prefect_yaml(definitions(Settings()), today()))
