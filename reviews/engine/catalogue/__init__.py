"""The catalogue: YAML that teams may replace, loaded once, validated with file, line and reason.

Critical actions say which entries of a log show which kind of action. Review templates say what a review asks.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final

from reviews.engine.catalogue.actions import ActionCatalogue, CriticalAction, FormatNotes, Kind, read_actions
from reviews.engine.catalogue.source import read_table
from reviews.engine.catalogue.templates import Excluded, Question, Questions, Template, Templates, read_templates

CATALOGUE_DIR: Final = Path(__file__).resolve().parents[2] / "catalogue"

__all__ = [
    "CATALOGUE_DIR",
    "ActionCatalogue",
    "CriticalAction",
    "Excluded",
    "FormatNotes",
    "Kind",
    "Question",
    "Questions",
    "Template",
    "Templates",
    "load_actions",
    "load_templates",
]


@lru_cache(maxsize=4)
def load_actions(directory: Path = CATALOGUE_DIR) -> ActionCatalogue:
    """The critical actions of a directory. CatalogueError with file, line and reason when they are wrong."""
    return read_actions(read_table(directory / "critical-actions.yaml"))


@lru_cache(maxsize=4)
def load_templates(directory: Path = CATALOGUE_DIR) -> Templates:
    """The review templates of a directory. CatalogueError with file, line and reason when they are wrong."""
    return read_templates(read_table(directory / "review-template.yaml"))
