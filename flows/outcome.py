"""How a run ends: a state whose name tells the outcome, in both languages; also when what was asked is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from domain.act import ActRefusedError
from tasks.settings import Settings
from tasks.store import require_warehouse
from warehouse.engine import unreachable

#: Things the name of a state tells one by one, and the most characters it may have: the server makes an event
#: of it, and refuses a state whose name has a thousand. The message has them all.
NAMED, _LONGEST = 3, 400


def completed(vi: str | Sequence[str], en: str | Sequence[str], data: Any = None) -> State[Any]:
    """``Completed``, named by what was done; of many things by the first."""
    name, message = (f"{_said(vi, most)} · {_said(en, most)}" for most in (NAMED, None))
    return Completed(name=shortened(_capital(name)), message=_capital(message), data=data)


def _said(words: str | Sequence[str], most: int | None) -> str:
    items = [words] if isinstance(words, str) else list(words)
    more = len(items) - (most or len(items))
    return "; ".join(items[:most]) + (f" (+{more})" if more > 0 else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def shortened(name: str) -> str:
    """A name that a state may bear."""
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def carried_out(work: Callable[[], State[Any]]) -> State[Any]:
    """The state ``work`` ends in; what it refuses is ``Failed`` with the sentence that says why, and raised by whoever
    asks for the result."""
    try:
        return work()
    except ActRefusedError as refused:
        return Failed(name="Từ chối · refused", message=f"{refused.vi} · {refused.en}", data=refused)


def ready() -> Settings:
    """The settings; refused where the warehouse is gone or of another schema: nothing is to be done in it.

    One that does not answer is not gone: the steps of the run ask it again.
    """
    settings = Settings()
    try:
        require_warehouse(settings)
    except ActRefusedError:
        raise
    except Exception as error:
        if unreachable(error) is None:
            raise
    return settings


def run_name(verb: str, parameter: str = "period") -> Callable[[], str]:
    """Names a run by what it is about: ``close-2025-Q1``, ``close-by-calendar`` where nothing was named."""

    def name() -> str:
        return f"{verb}-{flow_run.parameters.get(parameter) or 'by-calendar'}"

    return name
