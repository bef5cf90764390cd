"""What every command needs: the settings, the open workspace, arguments that name things."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated

import typer

from console.output import refuse
from console.words import say

if TYPE_CHECKING:
    from catalog import Catalog
    from domain.period import Period
    from tasks.settings import Settings
    from warehouse.engine import Engine

#: The largest number a submission or a finding can have.
_LARGEST = 2**31 - 1


def a_number(number: int | None) -> int | None:
    """A number the warehouse can be asked for; what is larger was mistyped."""
    if number is not None and number > _LARGEST:
        refuse(say(f"Không có số {number}.", f"There is no number {number}."))
    return number


def numbers(given: list[int] | None) -> list[int] | None:
    for number in given or []:
        a_number(number)
    return given


AsJson = Annotated[bool, typer.Option("--json", help=say("in ra JSON", "print JSON"))]
PeriodOption = Annotated[
    str | None, typer.Option(help=say("mã kỳ báo cáo, ví dụ 2025-Q1", "period code, e.g. 2025-Q1"))
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help=say("số liệu được tin vào lúc đó", "figures as believed at that moment")),
]
UnitOption = Annotated[str | None, typer.Option(help=say("mã đơn vị", "unit code"))]


def settings() -> Settings:
    from tasks.settings import Settings

    try:
        return Settings()
    except UnicodeDecodeError as error:
        refuse(
            say(
                f"Tệp .env phải lưu bằng UTF-8 (sai ở byte thứ {error.start + 1}).",
                f"The file .env must be UTF-8 (wrong at byte {error.start + 1}).",
            )
        )


def open_warehouse() -> tuple[Settings, Engine]:
    """The settings and the warehouse; refuses when there is no workspace or its schema is behind the program."""
    from tasks.store import engine_for, require_warehouse

    chosen = settings()
    if not chosen.workspace.exists:
        refuse(
            say(
                f"Chưa có không gian làm việc ở {chosen.workspace.home}. Chạy: tongket init",
                f"There is no workspace at {chosen.workspace.home}. Run: tongket init",
            )
        )
    require_warehouse(chosen)
    return chosen, engine_for(chosen.url)


def definitions(chosen: Settings) -> Catalog:
    """The shipped (or configured) definitions, without the units that were imported later."""
    from catalog import load_catalog

    return load_catalog(chosen.catalog_root)


def known_unit(engine: Engine, code: str | None) -> None:
    """Refuse a code that no unit ever bore: a misspelt one must not look like good news."""
    from warehouse import queries

    if code is not None and code not in queries.units(engine)["code"].to_list():
        refuse(
            say(
                f"Không có đơn vị nào mang mã {code!r}. Xem: tongket units list",
                f"No unit bears the code {code!r}. See: tongket units list",
            )
        )


def known_day(text: str) -> date:
    """The day that was written, or a refusal that shows how days are written."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(say(f"{text!r} không phải ngày; viết như 2025-06-30.", f"{text!r} is not a day; write 2025-06-30."))


def known_period(catalog: Catalog, code: str) -> Period:
    """The period with this code, or a refusal that shows how codes are written."""
    period = catalog.period(code)
    if period is None:
        refuse(
            say(
                f"Không có kỳ báo cáo {code!r}. Viết như 2025, 2025-H1, 2025-Q1, 2025-9M, 2025-M04, 2025-Q1@CALENDAR.",
                f"There is no period {code!r}. Write 2025, 2025-H1, 2025-Q1, 2025-9M, 2025-M04, 2025-Q1@CALENDAR.",
            )
        )
    return period


def shown_moment(moment: datetime) -> str:
    """A moment where the offices are, to the second."""
    from domain.clock import ZONE

    return f"{moment.astimezone(ZONE):%d/%m/%Y %H:%M:%S}"


def a_moment(text: str | None) -> datetime | None:
    """A day or a moment; without a zone it is the one of the offices, and a day means its end."""
    from domain.clock import ZONE

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        refuse(
            say(
                f"{text!r} không phải thời điểm; viết 2026-01-15 hoặc 2026-01-15T08:00.",
                f"{text!r} is not a moment; write 2026-01-15 or 2026-01-15T08:00.",
            )
        )
    if "T" not in text and " " not in text:
        moment = datetime.combine(moment.date(), time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
