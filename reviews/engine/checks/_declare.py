"""What a check is: a pure function of frozen inputs. A missing input makes the result unknown, never pass."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

Verdict = Literal["pass", "attention", "fail", "unknown"]
PASS: Final = "pass"  # noqa: S105 # a verdict
ATTENTION: Final = "attention"
FAIL: Final = "fail"
UNKNOWN: Final = "unknown"
WORST_FIRST: Final[tuple[Verdict, ...]] = (FAIL, UNKNOWN, ATTENTION, PASS)


@dataclass(frozen=True)
class CheckResult:
    """What one check says: a verdict, a number and a plain sentence behind it."""

    check: str
    title: str
    verdict: Verdict
    number: str
    sentence: str


class Outcome(NamedTuple):
    """What a check's function returns."""

    verdict: Verdict
    number: str
    sentence: str


@dataclass(frozen=True)
class Check:
    """One automatic check. `judge` gets the inputs that `needs` names, by name."""

    id: str
    title: str
    needs: tuple[str, ...]
    judge: Callable[..., Outcome]

    def run(self, inputs: Mapping[str, Any]) -> CheckResult:
        """The result; unknown when an input is missing or the check cannot deal with it."""
        absent = [name for name in self.needs if inputs.get(name) is None]
        if absent:
            words = " and ".join(name.replace("_", " ") for name in absent)
            outcome = Outcome(UNKNOWN, "", f"The check has no {words} to look at.")
        else:
            outcome = self.judge(**{name: inputs[name] for name in self.needs})
        return CheckResult(self.id, self.title, *outcome)


def count_words(n: int, noun: str) -> str:
    """`1 hour`, `1,200 hours`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def listed(words: Sequence[str], most: int = 5) -> str:
    """The first few, and how many more."""
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")
