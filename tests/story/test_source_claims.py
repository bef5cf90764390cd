"""The 56 claims of the source documents, each judged from the warehouse exactly as its ``holds`` says.

The filings are typed into real workbooks, ingested, and every proof below reads nothing but the warehouse.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from datetime import date, datetime
from itertools import product

import pytest

from domain.quantity import Interval, Judgement, Quantity, judge_identity
from examples.sources import Claim, claims
from tests.story.told import Story

CLAIMS = claims()


def test_every_claim_is_carried() -> None:
    assert len(CLAIMS) == 56
    assert {claim.how for claim in CLAIMS} == set(PROOFS)


@pytest.mark.parametrize("claim", CLAIMS, ids=[f"{claim.id}-{claim.how}-{claim.holds}" for claim in CLAIMS])
def test_claim(story: Story, claim: Claim) -> None:
    PROOFS[claim.how](story, claim)
    _is_reported_as(story, claim)


# ------------------------------------------------------------------------------------------------ kinds of proof


def _threshold(story: Story, claim: Claim) -> None:
    args = claim.args
    interval = story.interval(args["filing"], args["field"])
    other = story.interval(args["filing"], args["other"]) if "other" in args else Interval(args["value"], args["value"])
    passes = {
        ">": interval.low > other.high,
        ">=": interval.low >= other.high,
        "<=": interval.high <= other.high,
    }
    assert passes[args["op"]], (interval, args["op"], other)


def _missing(story: Story, claim: Claim) -> None:
    for field in claim.args["fields"]:
        assert story.figure(claim.args["filing"], field) is None, field
    if "statement" in claim.args:
        assert story.statements(claim.args["filing"], claim.args["statement"]), claim.args["statement"]
    if "bases" in claim.args:
        received = story.value(claim.args["filing"], "dossiers_received")
        stated = story.value(claim.args["filing"], "dossiers_received_growth_pct")
        fitting = [base for base in range(1900, 2200) if round((received / base - 1) * 100) == stated]
        assert [fitting[0], fitting[-1]] == claim.args["bases"]


def _sum(story: Story, claim: Claim) -> None:
    args = claim.args
    total = story.value(args["filing"], args["total"])
    assert sum(story.value(args["filing"], part) for part in args["parts"]) == total
    assert total == float(claim.expected)


def _rate(story: Story, claim: Claim) -> None:
    args = claim.args
    numerator, denominator = (
        sum(story.value(args["filing"], field) for field in args[side]) for side in ("numerator", "denominator")
    )
    assert round(100 * numerator / denominator, args["digits"]) == args["expected"]
    if "otherwise" in args:
        assert round(100 * numerator / numerator, args["digits"]) == args["otherwise"]
    if "claimed" in args:
        assert story.value(args["filing"], args["claimed"]) > args["expected"]


def _ratio(story: Story, claim: Claim) -> None:
    figure = story.figure(claim.args["filing"], claim.args["field"])
    assert figure is not None
    assert (figure["numerator"], figure["denominator"]) == (claim.args["numerator"], claim.args["denominator"])
    assert round(figure["value"], claim.args["digits"]) == claim.args["expected"]


def _derived(story: Story, claim: Claim) -> None:
    args = claim.args
    if "days" in args:
        first, last = (date.fromisoformat(day) for day in args["days"])
        assert (last - first).days == args["expected"]
        return
    if "shares" in args:
        shares = args["shares"]
        total = story.value(shares["filing"], shares["total"])
        got = [round(100 * story.value(shares["filing"], part) / total, args["digits"]) for part in shares["parts"]]
        assert got == args["expected"]
        assert round(sum(got), args["digits"]) == 100
        return
    values = {name: story.value(filing, field) for name, (filing, field) in args["terms"].items()}
    assert round(_evaluate(args["formula"], values), args["digits"]) == args["expected"]
    if "qualifier" in args:
        assert any(story.qualifier(filing, field) == args["qualifier"] for filing, field in args["terms"].values())


def _value(story: Story, claim: Claim) -> None:
    figure = story.figure(claim.args["filing"], claim.args["field"])
    assert figure is not None
    assert (figure["value"], figure["qualifier"]) == (claim.args["value"], claim.args["qualifier"])


def _values(story: Story, claim: Claim) -> None:
    for field, value in claim.args["values"].items():
        assert story.value(claim.args["filing"], field) == value


def _count(story: Story, claim: Claim) -> None:
    args = claim.args
    rows = [row for name in args.get("filings") or [args["filing"]] for row in story.list_rows(name, args["list"])]
    for column, code in args.get("where", {}).items():
        rows = [row for row in rows if row[column] == code]
    assert len(rows) == args["expected"]
    if "field" in args:
        assert story.value(args["filing"], args["field"]) == args["expected"]


def _scope(story: Story, claim: Claim) -> None:
    args = claim.args
    submission = story.submission(args["filing"])
    assert (submission["unit"], submission["reporter"]) == (args["unit"], args["reporter"])
    assert {figure["scope"] for figure in story.figures(args["filing"])} == {args["scope"]}
    assert story.total(args["reporter"], submission["period"], "dossiers_received") is None
    total = story.total(args["unit"], submission["period"], "dossiers_received")
    assert total is not None
    assert (total["value"], total["source"]) == (64_427, "reported")


def _statement(story: Story, claim: Claim) -> None:
    (row,) = story.statements(claim.args["filing"], claim.args["statement"])
    told = row["text"].rpartition(" ")[2]
    assert told == claim.args["value"]
    assert datetime.fromisoformat(told).date().isoformat() == claim.expected
    assert datetime.fromisoformat(told).weekday() == claim.args["weekday"]


def _interval(story: Story, claim: Claim) -> None:
    args = claim.args
    total = story.quantity(args["filing"], args["total"])
    parts = [story.quantity(args["filing"], part) for part in args["parts"]]
    assert _feasible(total, parts, args["reading"]) == args["feasible"]
    if "gap" in args:
        assert (total.value or 0) - sum(part.value or 0 for part in parts) == args["gap"]
    if "judgement" in args:
        assert judge_identity(parts, total) == Judgement(args["judgement"])


def _feasible(total: Quantity, parts: list[Quantity], reading: str) -> int:
    """How many whole totals the words allow, by trying them all."""
    interval = {"nominal": _nominal, "strict": lambda q: q.strict, "loose": lambda q: q.loose}[reading]
    ranges = [range(int(interval(part).low), int(interval(part).high) + 1) for part in parts]
    sums = {sum(values) for values in product(*ranges)}
    return sum(1 for value in sums if value in interval(total))


def _nominal(quantity: Quantity) -> Interval:
    assert quantity.value is not None
    return Interval(quantity.value, quantity.value)


def _distinct(story: Story, claim: Claim) -> None:
    assert story.distinct_initiatives(claim.args["rows"]) == claim.args["expected"]


def _owners(story: Story, claim: Claim) -> None:
    counts: dict[str, int] = {}
    for name in claim.args["filings"]:
        submission = story.submission(name)
        assert submission["parent"] == claim.args["parent"]
        assert story.list_rows(name, "initiatives")
        counts[submission["kind"]] = counts.get(submission["kind"], 0) + 1
    assert counts == claim.args["kinds"]


PROOFS: dict[str, Callable[[Story, Claim], None]] = {
    "threshold": _threshold,
    "missing": _missing,
    "sum": _sum,
    "rate": _rate,
    "ratio": _ratio,
    "derived": _derived,
    "value": _value,
    "values": _values,
    "count": _count,
    "scope": _scope,
    "statement": _statement,
    "interval": _interval,
    "distinct": _distinct,
    "owners": _owners,
}


# ------------------------------------------------------------------------------------------------ helpers

_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}


def _evaluate(formula: str, values: dict[str, float]) -> float:
    """Arithmetic of the claims file: numbers, names, + − × ÷ and round()."""

    def walk(node: ast.AST) -> float:
        match node:
            case ast.Expression(body=body):
                return walk(body)
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATORS[type(op)](walk(left), walk(right))
            case ast.Constant(value=value):
                return float(value)  # type: ignore[arg-type]
            case ast.Name(id=name):
                return values[name]
            case ast.Call(func=ast.Name(id="round"), args=[inner]):
                return float(round(walk(inner)))
        raise ValueError(ast.dump(node))

    return walk(ast.parse(formula, mode="eval"))


def _is_reported_as(story: Story, claim: Claim) -> None:
    """What the program itself says of the claim: a finding where the claim does not simply hold."""
    told: list[tuple[str, str, str]] = claim.args.get("findings", [])
    if claim.holds in ("flag", "not_supported"):
        assert told or "if_typed" in claim.args
    for filing, rule, severity in told:
        assert story.findings(filing).get(rule) == severity, (filing, rule, story.findings(filing))
    if "if_typed" in claim.args:
        typed = claim.args["if_typed"]
        found = story.findings_if(typed["filing"], {typed["field"]: typed["value"]})
        assert found.get(typed["rule"]) == typed["severity"], found
