"""Globs as regular expressions whose time grows with the length of a path, not with the number of ways to match it.

* and ? stand for names within one directory, ** as a whole part for any number of directories, [classes] for one
letter. A star that another follows is matched at the first place possible and never tried again: whatever it leaves
over, the next one takes.
"""

import re
from functools import lru_cache
from typing import Final

from reviews.errors import ReadingError

_DIRECTORIES: Final = r"(?:[^/]+/)*"
_TOKEN: Final = re.compile(r"\*\*+|\*|\?|\[[!]?[^/][^]/]*\]|.", re.DOTALL)


def check_glob(glob: str) -> None:
    """ReadingError when the glob cannot be understood."""
    pattern(glob)


@lru_cache(maxsize=64)
def pattern(glob: str) -> re.Pattern[str]:
    """What a path, relative to the directory of the glob, must match in full."""
    *parts, last = glob.split("/")
    if sum(len(re.findall(r"\*\*+", part)) for part in (*parts, last) if part != "**") > 1:
        raise ReadingError(f"The pattern {glob!r} has ** within a name more than once. Use * there.")
    groups: list[list[str]] = [[]]  # names of directories, between parts that are **
    for part in parts:
        if part != "**":
            groups[-1].append(part)
        elif groups[-1] or len(groups) == 1:
            groups.append([])
    written = [_names(groups[0])]
    for group in groups[1:-1]:
        known = _names(group)
        is_free = any("**" in name for name in group)
        written.append(f"{_DIRECTORIES}{known}" if is_free else f"(?>{_DIRECTORIES}?{known})")
    if len(groups) > 1:
        written.append(f"{_DIRECTORIES}{_names(groups[-1])}")
    written.append(".*" if last == "**" else _name(last))
    try:
        return re.compile("".join(written), re.DOTALL)
    except re.error:
        raise ReadingError(f"The pattern {glob!r} cannot be understood. Correct the source's glob.") from None


def literal_beginning(glob: str) -> str:
    """What every path that matches begins with."""
    return re.split(r"[*?[]", glob, maxsplit=1)[0]


def _names(parts: list[str]) -> str:
    return "".join(f"{_name(part)}/" for part in parts)


def _name(part: str) -> str:
    """One part of the glob: the letters between its stars, each but the last at the first place possible."""
    chunks: list[str] = [""]
    stars: list[str] = []
    for token in _TOKEN.findall(part):
        if token.startswith("*"):
            star = ".*" if len(token) > 1 else "[^/]*"
            if stars and not chunks[-1]:
                stars[-1] = max(star, stars[-1], key=lambda one: one == ".*")
            else:
                stars.append(star)
                chunks.append("")
        else:
            chunks[-1] += _letter(token)
    first, *middle = chunks
    if ".*" in stars:  # what stands before it may reach into another directory: nothing can be settled early
        return first + "".join(star + chunk for star, chunk in zip(stars, middle, strict=True))
    settled = [f"(?>{star}?{chunk})" for star, chunk in zip(stars[:-1], middle[:-1], strict=True)]
    rest = f"(?>{stars[-1]}{middle[-1]}(?=/|\\Z))" if stars else ""
    return first + "".join(settled) + rest


def _letter(sign: str) -> str:
    if sign == "?":
        return "[^/]"
    if len(sign) > 1:
        inner = sign[1:-1]
        wanted = re.sub(r"([^A-Za-z0-9_-])", r"\\\1", inner.removeprefix("!"))
        return f"(?!/)[^{wanted}]" if inner.startswith("!") else f"[{wanted}]"
    return re.escape(sign)
