"""The flows as Prefect deployments, whose parameters are a form in Prefect's interface."""

from __future__ import annotations

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from flows.collect_period import collect_period
from flows.retry_failed import retry_failed

#: A second run of the same flow waits for the first: two at once would be safe, but neither would be faster.
_ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)


def deployments() -> list[RunnerDeployment]:
    """``collect-period`` and ``retry-failed``, to be started by hand or through the interface."""
    made = [
        flow.to_deployment(
            name=flow.name,
            description=flow.description,
            tags=["tongket"],
            concurrency_limit=_ONE_AT_A_TIME,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for flow in (collect_period, retry_failed)
    ]
    assert all(isinstance(item, RunnerDeployment) for item in made)
    return made  # type: ignore[return-value]  # to_deployment is declared for synchronous and asynchronous callers
