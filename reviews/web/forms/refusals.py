"""What a workflow refuses becomes an error of the form it came from, so that nothing typed is lost."""

from collections.abc import Mapping

from django.forms import BaseForm

from reviews.errors import Invalid


def say(form: BaseForm, problem: Invalid) -> None:
    """Put the refusal under its field, or over the form when it names no field of it."""
    form.add_error(problem.field if problem.field in form.fields else None, str(problem))


def say_all(form: BaseForm, problems: Mapping[str, str]) -> None:
    """Put each problem under its field, unless the field has an error already."""
    for field, message in problems.items():
        if field not in form.fields:
            form.add_error(None, message)
        elif field not in form.errors:
            form.add_error(field, message)
