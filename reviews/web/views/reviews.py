"""Reviews: the list, the workbench, handing over, signing, sending back."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from reviews import access
from reviews.engine.analysis.quarters import Quarter
from reviews.errors import Invalid, PortalError
from reviews.models import Answer, Review, ReviewItem, ReviewState
from reviews.queries import questions, readiness, signing, statement
from reviews.queries import reviews as queries
from reviews.web.forms.evidence import AttachForm, EvidenceForm
from reviews.web.forms.refusals import say
from reviews.web.forms.reviews import AnswerForm, ConfirmForm, ReturnForm, SignForm
from reviews.workflows import answers, freezing, holding
from reviews.workflows import reviews as workflow
from reviews.workflows.evidence import limit_in_words

if TYPE_CHECKING:
    from auditportal.accounts.models import User


def _person(request: HttpRequest) -> "User":
    return cast("User", request.user)


def _item(review: Review, item: str) -> ReviewItem:
    found = review.items.filter(item=item).select_related("answered_by", "second_person").first()
    if found is None:
        raise Http404
    found.review = review
    return found


@login_required
def reviews(request: HttpRequest) -> HttpResponse:
    """The reviews of one quarter that the person may see."""
    today = timezone.now().date()
    listed = queries.review_list(_person(request), request.GET.get("quarter"), today)
    return render(request, "reviews/reviews/reviews.html", {"list": listed})


@login_required
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The workbench, at the first question that lacks something."""
    found = access.review(_person(request), pk)
    first = queries.checklist(found).first_open
    if first is None:
        return render(request, "reviews/reviews/empty.html", {"review": found})
    return item_page(request, found, _item(found, first.item.item))


@login_required
@never_cache
def review_item(request: HttpRequest, pk: int, item: str) -> HttpResponse:
    """One question. POST saves the answer: as people type through htmx, or as a plain form."""
    person = _person(request)
    found = access.review(person, pk)
    question = _item(found, item)
    if request.method != "POST":
        return item_page(request, found, question)
    form = AnswerForm(request.POST, item=question)
    if not form.is_valid():
        return _not_saved(request, found, question, form, "The form was not complete.")
    given = form.cleaned_data
    try:
        answers.answer(
            person, question, given["revision"], given["answer"], given["note"], given["reason"], given["until"]
        )
    except answers.AnswerConflict as conflict:
        return _conflict(request, found, question, form, conflict)
    except Invalid as problem:
        say(form, problem)
        return _not_saved(request, found, question, form, str(problem))
    except PortalError as problem:
        if not request.htmx:  # type: ignore[attr-defined]
            raise
        return _not_saved(request, found, question, form, str(problem))
    if request.htmx:  # type: ignore[attr-defined]
        saved = render(request, "reviews/reviews/saved.html", item_context(request, found, _item(found, item)))
        return trigger_client_event(saved, "answerSaved")
    return _after_saving(request, found, question)


def _after_saving(request: HttpRequest, review: Review, item: ReviewItem) -> HttpResponse:
    checklist = queries.checklist(review)
    row = checklist.row(item.item)
    following = checklist.beside(row)[1] if row else None
    if "next" in request.POST and following is not None:
        return redirect("review_item", pk=review.pk, item=following.item.item)
    messages.success(request, f"The answer to {item.item} is saved.", extra_tags="pass")
    return redirect("review_item", pk=review.pk, item=item.item)


def _conflict(
    request: HttpRequest, review: Review, item: ReviewItem, form: AnswerForm, conflict: answers.AnswerConflict
) -> HttpResponse:
    context = {
        **item_context(request, review, _item(review, item.item)),
        "form": form,
        "conflict": conflict,
        "mine": conflict.mine,
        "mine_words": queries.ANSWER_WORDS[Answer(conflict.mine.answer)],
        "saved": conflict.saved,
        "saved_words": queries.ANSWER_WORDS[Answer(conflict.saved.answer)],
        "changed": conflict.item,
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "reviews/reviews/conflict_swap.html", context)
    return render(request, "reviews/reviews/item.html", context, status=409)


def _not_saved(request: HttpRequest, review: Review, item: ReviewItem, form: AnswerForm, problem: str) -> HttpResponse:
    context = {**item_context(request, review, item), "form": form, "problem": problem}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "reviews/reviews/not_saved.html", context)
    return render(request, "reviews/reviews/item.html", context, status=400)


def item_page(request: HttpRequest, review: Review, item: ReviewItem, **more: Any) -> HttpResponse:
    """The workbench at one question; `more` replaces parts of its context, such as a form with errors."""
    status = 400 if more else 200
    return render(request, "reviews/reviews/item.html", {**item_context(request, review, item), **more}, status=status)


def item_context(request: HttpRequest, review: Review, item: ReviewItem) -> dict[str, Any]:
    """Everything that the workbench shows for one question."""
    person, now = _person(request), timezone.now()
    checklist = queries.checklist(review)
    row = checklist.row(item.item)
    if row is None:
        raise Http404
    before, following = checklist.beside(row)
    is_open = review.state == ReviewState.OPEN
    attached = questions.evidence(person, item, review.cycle, open_=is_open)
    return {
        "review": review,
        "quarter": Quarter.parse(review.cycle.quarter),
        "state": queries.state_of(review, checklist.answered),
        "checklist": checklist,
        "row": row,
        "item": item,
        "step": next(step for step in checklist.steps if row in step.rows),
        "before": before,
        "following": following,
        "controls": questions.controls(item),
        "checks": questions.checks(review, row.results, now),
        "evidence": attached,
        "last": questions.last_answer(item),
        "answer_words": queries.ANSWER_WORDS[Answer(item.answer)],
        "answer_v": questions.ANSWER_VERDICTS[Answer(item.answer)],
        "provisional": freezing.is_provisional(review, now),
        "days_left": (review.cycle.due_on - now.date()).days,
        "preparers": queries.people_of(review, "prepare"),
        "approvers": queries.people_of(review, "approve"),
        **_rights(person, review, item),
        **_forms(person, review, item, attached),
    }


def _rights(person: "User", review: Review, item: ReviewItem) -> dict[str, Any]:
    """What the person may do here and now."""
    is_open = review.state == ReviewState.OPEN
    awaits_second = _awaits_second(item)
    return {
        "may_answer": is_open and holding.may_prepare(person, review),
        "may_give": is_open and holding.may_give_evidence(person, review),
        "why_read_only": _why_read_only(person, review),
        "awaits_second": awaits_second,
        "may_confirm": is_open and awaits_second and answers.why_not_confirm(person, item) is None,
        "may_sign": access.may(person, "approve", access.subject(review)) and not person.is_administrator,
    }


def _forms(person: "User", review: Review, item: ReviewItem, attached: list[questions.EvidenceRow]) -> dict[str, Any]:
    """The forms of the workbench, empty or as saved."""
    cycle = review.cycle
    may_give = review.state == ReviewState.OPEN and holding.may_give_evidence(person, review)
    return {
        "form": AnswerForm(item=item),
        "confirm_form": ConfirmForm(initial={"revision": item.revision}, auto_id="confirm_%s"),
        "evidence_form": EvidenceForm(
            attached=[one.file for one in attached if not one.superseded_by],
            initial={"covers_from": cycle.starts_on.isoformat(), "covers_to": cycle.ends_on.isoformat()},
        ),
        "attach_form": AttachForm(files=questions.attachable(person, item) if may_give else ()),
        "limit": limit_in_words(),
    }


def _awaits_second(item: ReviewItem) -> bool:
    """Answered "not applicable" with reason and end date, and not confirmed yet."""
    lacking = readiness.missing(item, (), 0)
    return item.answer == Answer.NOT_APPLICABLE and [lack.field for lack in lacking] == ["second_person"]


def _why_read_only(person: "User", review: Review) -> str:
    """Why the question cannot be answered here and now; empty when it can."""
    if review.state == ReviewState.SIGNED:
        return "This review is signed. It never changes."
    if review.state == ReviewState.SUBMITTED:
        return "This review has been handed over to sign. An approver can send it back."
    return holding.why_not_prepare(person, review) or ""


@login_required
@require_POST
def item_confirm(request: HttpRequest, pk: int, item: str) -> HttpResponse:
    """The second person confirms that a question does not apply."""
    person = _person(request)
    found = access.review(person, pk)
    question = _item(found, item)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise Invalid("The form was not complete. Load the page again.")
    answers.confirm_not_applicable(person, question, form.cleaned_data["revision"])
    messages.success(request, f"You confirmed that {question.item} does not apply.", extra_tags="pass")
    return redirect("review_item", pk=pk, item=item)


@login_required
@never_cache
def review_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """What is open; with nothing open, hand over."""
    person = _person(request)
    found = access.review(person, pk, "prepare")
    now = timezone.now()
    problem = ""
    if request.method == "POST":
        try:
            workflow.submit(person, found, now)
        except Invalid as refused:
            problem = str(refused).partition(" Open: ")[0]
        else:
            messages.success(request, f"{capfirst(str(found))} is handed over to sign.", extra_tags="pass")
            return redirect("review", pk=pk)
    context = {
        "review": found,
        "quarter": Quarter.parse(found.cycle.quarter),
        "checklist": queries.checklist(found),
        "provisional": freezing.is_provisional(found, now),
        "why_not": _why_read_only(person, found),
        "approvers": queries.people_of(found, "approve"),
        "problem": problem,
    }
    return render(request, "reviews/reviews/submit.html", context, status=400 if problem else 200)


@login_required
@never_cache
@sensitive_post_parameters("password")
def review_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Conditions, who did what, the statement, the password; then the review is locked."""
    person = _person(request)
    found = access.review(person, pk, "approve")
    form = SignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        now = timezone.now()
        # With too many wrong passwords behind it, not even the right one is tried.
        tried = not workflow.too_many_wrong_passwords(person, now) and person.check_password(given["password"])
        try:
            workflow.sign(person, found, tried, given["accepted"], read=given["read"], now=now)
        except Invalid as problem:
            say(form, problem)
        else:
            messages.success(request, f"You signed {found}. Its record is being made.", extra_tags="pass")
            return redirect("review", pk=pk)
    return _sign_page(request, found, form)


def _sign_page(
    request: HttpRequest, review: Review, form: SignForm, return_form: ReturnForm | None = None
) -> HttpResponse:
    person = _person(request)
    against = workflow.may_sign(person, review)
    words = workflow.statement(review, person)
    state = queries.state_of(review, 1)
    context = {
        "review": review,
        "quarter": Quarter.parse(review.cycle.quarter),
        "state": state,
        "signing": signing.signing(review, person, against),
        "is_submitted": review.state == ReviewState.SUBMITTED,
        "statement": words.split("\n\n"),
        "read": statement.digest(words),
        "form": form,
        "return_form": return_form or ReturnForm(),
    }
    failed = form.is_bound or (return_form is not None and return_form.is_bound)
    return render(request, "reviews/reviews/sign.html", context, status=400 if failed else 200)


@login_required
@require_POST
def review_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Send back with what should be changed."""
    person = _person(request)
    found = access.review(person, pk, "approve")
    form = ReturnForm(request.POST)
    if form.is_valid():
        try:
            workflow.send_back(person, found, form.cleaned_data["comment"])
        except Invalid as problem:
            say(form, problem)
        else:
            messages.success(request, f"{capfirst(str(found))} is sent back to its preparers.", extra_tags="pass")
            return redirect("review", pk=pk)
    return _sign_page(request, found, SignForm(), form)
