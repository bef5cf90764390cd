"""What somebody should complete in ``holidays.yaml``, in words."""

from __future__ import annotations

from datetime import date

from catalog import Catalog
from catalog.holidays import Standing, to_see_to
from catalog.register import Said


def to_complete(catalog: Catalog, today: date) -> list[Said]:
    """A sentence a year that is missing or not announced yet; nothing when all is known that is needed."""
    return [_sentence(year, standing) for year, standing in to_see_to(catalog.working_days, today)]


def _sentence(year: int, standing: Standing) -> Said:
    if standing is Standing.MISSING:
        return Said(
            f"Chưa có ngày nghỉ lễ năm {year}: thứ Hai đến thứ Sáu đều được tính là ngày làm việc. "
            "Bổ sung holidays.yaml.",
            f"No public holidays of {year}: Monday to Friday all count as worked. Complete holidays.yaml.",
        )
    return Said(
        f"Ngày nghỉ lễ năm {year} mới tính trước. Khi có thông báo nghỉ lễ, sửa holidays.yaml.",
        f"The public holidays of {year} are only reckoned. Once they are announced, correct holidays.yaml.",
    )
