"""Every shipped rule of levels 3 to 6 proves itself: it fires once on its counterexample and never on the example."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from catalog.load import Catalog, load_catalog
from catalog.model import Rule
from catalog.refs import Ref, refs_of
from domain.finding import CheckLevel
from expectations.schema import empty_frame

CATALOG = load_catalog()
RULES = [rule for rule in CATALOG.rules if CheckLevel.VALUE <= rule.level <= CheckLevel.HISTORY]


def _form_of(rule: Rule) -> str:
    return str(rule.counterexample.get("form") or rule.forms[0])


@pytest.fixture(scope="module")
def judged(catalog: Catalog, make_batch: Any) -> dict[str, pl.DataFrame]:
    """The findings of each rule's own submission, and of the untouched example under ``form:<id>``."""
    found = {}
    for form in catalog.forms:
        rules = [rule for rule in RULES if _form_of(rule) == form]
        patches = [{k: v for k, v in rule.counterexample.items() if k != "form"} for rule in rules]
        findings = make_batch(form, {}, *patches).check(catalog)
        parts = findings.partition_by("file", as_dict=True)
        names = [f"form:{form}", *(rule.id for rule in rules)]
        found |= {name: parts.get((file,), empty_frame({})) for file, name in enumerate(names, 1)}
    return found


@pytest.mark.parametrize("form", list(CATALOG.forms))
def test_the_example_of_a_form_is_without_fault(form: str, judged: dict[str, pl.DataFrame]) -> None:
    findings = judged[f"form:{form}"]
    assert findings.rows() == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_fires_once_on_its_counterexample(rule: Rule, judged: dict[str, pl.DataFrame]) -> None:
    findings = judged[rule.id]
    fired = findings.filter(pl.col("rule") == rule.id) if findings.width else findings
    assert fired.height == 1, findings.select("rule", "arithmetic").rows() if findings.width else "no findings at all"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_finding_says_where_and_what_to_do(rule: Rule, judged: dict[str, pl.DataFrame]) -> None:
    finding = judged[rule.id].filter(pl.col("rule") == rule.id).row(0, named=True)
    message = CATALOG.messages[rule.message]
    assert finding["message_vi"].endswith(message.advice_vi)
    assert finding["message_en"].endswith(message.advice_en)
    assert "{" not in finding["message_vi"] + finding["message_en"]
    assert "None" not in finding["message_vi"] + finding["message_en"]
    assert "% %" not in finding["message_vi"]
    assert finding["severity"] == rule.severity
    assert finding["cell"] or all(Ref.parse(ref).source == "same_as" for ref in refs_of(rule.check)), finding
