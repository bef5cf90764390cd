"""How grave a failed rule is on a day."""

from __future__ import annotations

from datetime import date

from catalog.model import Rule
from domain.finding import Severity

#: The instance of an identity that holds, but only at the extreme of its qualified figures.
SUSPICIOUS = "suspicious"


def severity_of(rule: Rule, instance: str, day: date) -> Severity:
    """The rule's severity on a day; what holds only at the extreme is never worse than a warning."""
    severity = rule.severity_on(day)
    return Severity.WARNING if instance == SUSPICIOUS and severity is Severity.CRITICAL else severity
