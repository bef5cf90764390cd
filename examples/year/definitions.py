"""The definitions of the year: a folder for each edition, so that a change of definitions is a change of files.

``january``: reports of quarters and of the year alone are owed; two rules are new, and one of them is too strict.
``june``: the rule that was too strict is mended. ``october``: a warning becomes critical.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from catalog import DATA
from examples.year.reckoning import LEVELS

EDITIONS = ("january", "june", "october")

#: The new rules. YER-001 is a warning for periods that end before October; of YER-002 ``most`` depends on the edition.
_NEW_RULES = """\
- id: YER-001
  forms: [review-report]
  frame: main
  level: 3
  severity: critical
  title_vi: Không quá năm nội dung đột phá
  title_en: At most five breakthrough contents
  message: out_of_range
  check: {{kind: range, columns: [breakthrough_contents], max: 5}}
  since: 2011-01-01
  starts_as_warning_until: 2026-09-30
  counterexample: {{figures: {{breakthrough_contents: 9}}}}
- id: YER-002
  forms: [review-report]
  frame: main
  level: 3
  severity: critical
  title_vi: Họp chi ủy không quá sớm trước sinh hoạt chi bộ
  title_en: The committee does not meet too long before the cell
  message: out_of_range
  check: {{kind: range, columns: [committee_premeeting_lead_days], max: {most}}}
  since: 2011-01-01
  counterexample: {{figures: {{committee_premeeting_lead_days: 25}}}}
"""

_MOST_DAYS = {"january": 4, "june": 10, "october": 10}
_STRICTER = ("- id: LRN-010\n  forms: [review-report]\n  frame: main\n  level: 4\n  severity: ", "warning", "critical")


def write_editions(folder: Path) -> dict[str, Path]:
    """Write every edition below ``folder``; where each is. The register in them is empty: units are imported."""
    return {edition: _write(edition, folder / edition) for edition in EDITIONS}


def _write(edition: str, target: Path) -> Path:
    shutil.copytree(DATA, target, dirs_exist_ok=True)
    for name in ("units.csv", "unit_events.csv"):
        heading = (DATA / name).read_text(encoding="utf-8").splitlines()[0]
        (target / name).write_text(heading + "\n", encoding="utf-8")
    _owe_less(target / "obligations.csv")
    rules = target / "rules"
    (rules / "year.yaml").write_text(_NEW_RULES.format(most=_MOST_DAYS[edition]), encoding="utf-8")
    if edition == "october":
        head, before, after = _STRICTER
        said = (rules / "learning.yaml").read_text(encoding="utf-8")
        if said.count(head + before) != 1:
            raise ValueError("the rule LRN-010 is not where it was")
        (rules / "learning.yaml").write_text(said.replace(head + before, head + after), encoding="utf-8")
    return target


def _owe_less(path: Path) -> None:
    """Quarters and years by the decree's calendar are owed by the kinds of units there are, nothing else."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            kinds = [kind for kind in row["period_kinds"].split("|") if kind in ("quarter", "year")]
            if row["calendar"] == "ND09" and kinds and row["unit_kind"] in LEVELS:
                writer.writerow({**row, "period_kinds": "|".join(kinds)})
