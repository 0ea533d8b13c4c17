"""Bytes from outside as text that any page and database takes."""

import os
from pathlib import Path
from typing import Final

LONGEST_NAME: Final = 500


def printable(data: bytes) -> str:
    """The bytes as one line; what is no printable character is told by its code."""
    return visible(data.decode("utf-8", "backslashreplace"))


def visible(text: str) -> str:
    """The text as one line, in which control characters, escapes of terminals and turns of direction can be seen."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def shown_name(path: Path, directory: Path) -> str:
    """The path relative to the directory, or whole when it lies elsewhere."""
    return shortened(printable(os.fsencode(path.relative_to(directory) if path.is_relative_to(directory) else path)))


def shortened(text: str) -> str:
    """The text, without its middle when it is longer than a name can be stored."""
    if len(text) <= LONGEST_NAME:
        return text
    return f"{text[:80]}…{text[81 - LONGEST_NAME :]}"
