"""Every shipped rule of levels 3 to 7 proves itself: it fires once on its counterexample and never on the example."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

from catalog.load import Catalog, load_catalog
from catalog.model import Rule
from catalog.refs import PAST, Ref, refs_of
from domain.finding import CheckLevel
from tasks.proving import judged as judge
from tasks.proving import proving, unproved

CATALOG = load_catalog()
#: Names the file of another unit, not of another period.
COPY = "HIS-049"

RULES = [rule for form in CATALOG.forms for rule in proving(CATALOG, form)]


@pytest.fixture(scope="module")
def judged() -> dict[str, pl.DataFrame]:
    """The findings of each rule's own submission, and of the untouched example under ``form:<id>``."""
    return {name: found for form in CATALOG.forms for name, found in judge(CATALOG, form).items()}


def test_every_rule_of_these_levels_is_proved() -> None:
    levels = [rule for rule in CATALOG.rules if rule.level >= CheckLevel.VALUE]
    assert {rule.id for rule in RULES} == {rule.id for rule in levels}


def test_a_rule_that_cannot_fire_is_named(catalog: Catalog) -> None:
    blind = catalog.rules_by_id["LRN-001"].model_copy(update={"counterexample": {}})
    rules = tuple(blind if rule.id == blind.id else rule for rule in catalog.rules)
    faults = list(unproved(replace(catalog, rules=rules)))
    assert [(fault.where, fault.what) for fault in faults] == [
        ("LRN-001", "fires 0 times on its counterexample, not once")
    ]


@pytest.mark.parametrize("form", list(CATALOG.forms))
def test_the_example_of_a_form_is_without_fault(form: str, judged: dict[str, pl.DataFrame]) -> None:
    findings = judged[f"form:{form}"]
    assert findings.rows() == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_fires_once_on_its_counterexample(rule: Rule, judged: dict[str, pl.DataFrame]) -> None:
    findings = judged[rule.id]
    fired = findings.filter(pl.col("rule") == rule.id)
    assert fired.height == 1, findings.select("rule", "arithmetic").rows()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_finding_says_where_and_what_to_do(rule: Rule, judged: dict[str, pl.DataFrame]) -> None:
    finding = judged[rule.id].filter(pl.col("rule") == rule.id).row(0, named=True)
    message = CATALOG.messages[rule.message]
    assert finding["message_vi"].endswith(message.advice_vi.replace("{cell}", finding["cells"]))
    assert finding["message_en"].endswith(message.advice_en.replace("{cell}", finding["cells"]))
    assert "{" not in finding["message_vi"] + finding["message_en"]
    assert "None" not in finding["message_vi"] + finding["message_en"]
    assert "% %" not in finding["message_vi"]
    assert "“”" not in finding["message_vi"] + finding["message_en"]
    assert finding["severity"] == rule.severity
    assert finding["cell"], finding
    looks_elsewhere = any(Ref.parse(ref).source in (*PAST, "same_as") for ref in refs_of(rule.check))
    assert looks_elsewhere == (".xlsx" in finding["message_vi"] and ".xlsx" in finding["message_en"]) or rule.id == COPY
    cells = re.split(r"(?<=[0-9]), ", finding["cells"])  # the name of a sheet may have a comma
    assert cells[0] == f"{finding['sheet']}!{finding['cell']}"
    assert len(cells) == len(set(cells))
    assert all("!" in cell for cell in cells)
