# ruff: noqa: S608 - the statements are made of declarations, and every value in them goes through quote()
"""Rules of a text format as SQL: which one a message falls under, and what it names."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from reviews.engine.catalogue.matching import quote
from reviews.engine.formats import Rule

_NAMED: Final = ("actor", "target", "source_ip")


def ruled(rules: tuple[Rule, ...], source: str) -> list[str]:
    """Common table expressions, the last of them `ruled`, that add the fields rule_… to those of `source`."""
    fixed = {
        "rule_action": [quote(rule.action) for rule in rules],
        "rule_outcome": [quote(rule.outcome) for rule in rules],
        "rule_category": [quote(rule.category) if rule.category else "NULL" for rule in rules],
    }
    columns = [f'{_by_rule(enumerate(each))} AS "{name}"' for name, each in fixed.items()]
    extractions = _extractions(rules)
    columns += [f'{expression} AS "named_{index}"' for index, expression in enumerate(extractions)]
    named = [_first_named(name, len(extractions)) for name in _NAMED]
    return [
        f'numbered AS (SELECT *, coalesce({", ".join(_tests(rules))}, NULL) AS "rule" FROM {source})',
        f"said AS (SELECT *, {', '.join(columns)} FROM numbered)",
        f"ruled AS (SELECT *, {', '.join(named)} FROM said)",
    ]


def _tests(rules: tuple[Rule, ...]) -> Iterator[str]:
    """The number of the rule, or NULL: an expression for each run of rules with one condition, which is tested once."""
    for when, run in groupby(enumerate(rules), key=lambda numbered: numbered[1].when):
        tests = " ".join(f"WHEN {_test(rule)} THEN {number}" for number, rule in run)
        yield f"CASE WHEN {when} THEN CASE {tests} END END"


def _test(rule: Rule) -> str:
    return f'regexp_matches("message", {quote(rule.regex)})' if rule.regex else "true"


def _by_rule(results: Iterable[tuple[int, str]]) -> str:
    return f'CASE "rule" {" ".join(f"WHEN {number} THEN {result}" for number, result in results)} END'


def _extractions(rules: tuple[Rule, ...]) -> list[str]:
    """One extraction a rule yields all its groups. Rules with the groups in the same order share a column.

    Groups that a rule does not have are added, empty, so that all columns have the same fields.
    """
    by_order: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    for number, rule in enumerate(rules):
        if rule.groups:
            missing = tuple(name for name in _NAMED if name not in rule.groups)
            order = rule.groups + missing
            listed = ", ".join(map(quote, order))
            regex = quote(f"(?:{rule.regex}){'()' * len(missing)}")
            by_order[order].append((number, f'regexp_extract("message", {regex}, [{listed}])'))
    return [_by_rule(results) for results in by_order.values()]


def _first_named(name: str, count: int) -> str:
    """A group of whichever column holds it; only one of them is not NULL."""
    each = ", ".join(f'"named_{index}"."{name}"' for index in range(count))
    return f"nullif(coalesce({each}), '') AS \"rule_{name}\""
