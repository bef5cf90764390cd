"""Parameters of flows as Prefect's form shows them; what does not fit is refused when a run is created."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

#: A period's code: 2025, 2025-Q1, 2025-H1, 2025-9M, 2025-M04, 2025-Q1@CALENDAR; empty: what the calendar asks for.
PeriodCode = Annotated[
    str,
    Field(
        pattern=r"^(\d{4}(-[A-Za-z0-9]{1,12}){0,2}(@[A-Z0-9]{1,20})?)?$",
        title="Kỳ báo cáo / Period",
        examples=["2025", "2025-Q1", "2025-H1", "2025-9M", "2025-M04"],
    ),
]
UnitCode = Annotated[str, Field(pattern=r"^([A-Z0-9][A-Z0-9.\-]{0,60})?$", title="Mã đơn vị / Unit")]
Year = Annotated[int, Field(ge=0, le=2200, title="Năm / Year")]
Who = Annotated[str, Field(max_length=200, title="Người quyết định / Who")]
Reason = Annotated[str, Field(max_length=1_000, title="Lý do / Reason")]
