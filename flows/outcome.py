"""How a run ends: a state whose name tells the outcome, in both languages; also when what was asked is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from domain.act import ActRefusedError


def completed(vi: str, en: str, data: Any = None) -> State[Any]:
    """``Completed``, named by what was done."""
    name = f"{vi[:1].upper()}{vi[1:]} · {en}"
    return Completed(name=name, message=name, data=data)


def carried_out(work: Callable[[], State[Any]]) -> State[Any]:
    """The state ``work`` ends in; what it refuses is ``Failed`` with the sentence that says why, and raised by whoever
    asks for the result."""
    try:
        return work()
    except ActRefusedError as refused:
        return Failed(name="Từ chối · refused", message=f"{refused.vi} · {refused.en}", data=refused)


def run_name(verb: str, parameter: str = "period") -> Callable[[], str]:
    """Names a run by what it is about: ``close-2025-Q1``, ``close-by-calendar`` where nothing was named."""

    def name() -> str:
        return f"{verb}-{flow_run.parameters.get(parameter) or 'by-calendar'}"

    return name
