"""The day it is where the reports are written."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

#: Cut-offs and due dates are days of this zone, wherever the program runs.
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def today() -> date:
    return datetime.now(ZONE).date()
