"""How grave a failed rule is on a day."""

from __future__ import annotations

from datetime import date, timedelta

from catalog.model import Rule
from domain.finding import Severity

#: The instance of an identity that holds, but only at the extreme of its qualified figures.
SUSPICIOUS = "suspicious"


def severity_of(rule: Rule, instance: str, day: date) -> Severity:
    """The rule's severity on a day; what holds only at the extreme is never worse than a warning."""
    severity = rule.severity_on(day)
    return Severity.WARNING if instance == SUSPICIOUS and severity is Severity.CRITICAL else severity


def said_of_newness(rule: Rule, severity: Severity, instance: str = "") -> tuple[str, str]:
    """(Vietnamese, English): from when on a finding that is a warning only because its rule is new must be mended."""
    until = rule.starts_as_warning_until
    if until is None or instance == SUSPICIOUS or (rule.severity, severity) != (Severity.CRITICAL, Severity.WARNING):
        return "", ""
    day = f"{until + timedelta(days=1):%d/%m/%Y}"
    return f"Quy tắc mới: từ ngày {day} sẽ là lỗi phải sửa.", f"A new rule: from {day} on it must be mended."
