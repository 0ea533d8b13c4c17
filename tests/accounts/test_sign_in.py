"""Coming in, going out, being refused; and what the trail says of it."""

import uuid

import pytest
from django.urls import reverse

from auditportal.accounts.models import User
from reviews.models import Organisation, TrailEntry
from reviews.workflows.demo import cast
from tests.world import PASSWORD, World

LOGIN = "/accounts/login/"


@pytest.fixture
def limits(settings):
    """The rate limits of a real portal, counted from zero."""
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "login": "60/m/ip"}
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid.uuid4().hex}}


def sign_in(client, email: str, password: str, **more: str):
    return client.post(LOGIN, {"login": email, "password": password, **more}, REMOTE_ADDR="203.0.113.9")


def trail() -> list[tuple[str, str, str, str]]:
    rows = TrailEntry.objects.filter(action__startswith="sign_in").order_by("id")
    return [(row.action, row.actor_name, row.object_name, row.address or "") for row in rows]


def test_a_person_comes_in_and_goes_out_and_the_trail_has_both(client, world: World):
    answer = sign_in(client, "INES@northmoor.example", PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(world.ines.pk)
    answer = client.post("/accounts/logout/", REMOTE_ADDR="203.0.113.9")
    assert (answer.status_code, answer.headers["Location"]) == (302, LOGIN)
    assert "_auth_user_id" not in client.session
    assert trail() == [
        ("sign_in.succeeded", "Ines Okafor", "Ines Okafor", "203.0.113.9"),
        ("sign_in.ended", "Ines Okafor", "Ines Okafor", "203.0.113.9"),
    ]


def test_a_refused_sign_in_is_told_with_the_name_that_was_typed_and_no_password(client, world: World):
    answer = sign_in(client, "ines@northmoor.example", "hunter2 hunter2")
    assert answer.status_code == 200
    assert "This e-mail address and this password do not belong together." in answer.content.decode()
    assert trail() == [("sign_in.refused", "ines@northmoor.example", "", "203.0.113.9")]
    assert TrailEntry.objects.get(action="sign_in.refused").after == {"reason": "wrong e-mail address or password"}
    assert "hunter2" not in str(TrailEntry.objects.values())


def test_an_unknown_person_gets_the_same_answer_as_a_wrong_password(client, world: World):
    known = sign_in(client, "ines@northmoor.example", "wrong wrong wrong").content.decode()
    unknown = sign_in(client, "nobody@northmoor.example", "wrong wrong wrong").content.decode()
    assert unknown.count("do not belong together") == known.count("do not belong together") == 1


def test_after_five_refusals_even_the_right_password_is_not_looked_at(client, world: World, limits):
    for _attempt in range(5):
        sign_in(client, "ines@northmoor.example", "wrong wrong wrong")
    answer = sign_in(client, "ines@northmoor.example", PASSWORD)
    assert "Too many sign-ins were refused. Wait five minutes, then try again." in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert TrailEntry.objects.filter(action="sign_in.refused").count() == 6
    assert TrailEntry.objects.first().after == {"reason": "too many attempts"}
    assert sign_in(client, "jonas@northmoor.example", PASSWORD).status_code == 302  # others are not held up


def test_a_flood_from_one_address_gets_a_page_that_says_so(client, world: World, limits, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    answers = [client.post(LOGIN, {"login": "", "password": ""}) for _request in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Wait a minute, then try again." in answers[-1].content.decode()


def test_somebody_who_may_no_longer_sign_in_is_told_so_and_stays_out(client, world: World):
    User.objects.filter(pk=world.ines.pk).update(is_active=False)
    answer = sign_in(client, "ines@northmoor.example", PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("account_inactive"))
    assert "an administrator has closed your account" in client.get(answer.headers["Location"]).content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("path", ["/", "/accounts/password/change/", "/accounts/reauthenticate/"])
def test_who_is_signed_out_is_sent_to_sign_in_and_back(client, world: World, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{LOGIN}?next={path}")


def test_the_way_back_leads_only_into_the_portal(client, world: World):
    answer = sign_in(client, "ines@northmoor.example", PASSWORD, next="https://elsewhere.example/")
    assert answer.headers["Location"] == "/"


def test_nobody_signs_up(client, world: World):
    before = User.objects.count()
    assert "People come by invitation" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", {"email": "x@y.example", "password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.count() == before


def test_who_cannot_sign_in_is_told_how_an_administrator_helps(client, world: World):
    page = client.get("/accounts/password/reset/").content.decode()
    assert "An administrator of the portal can help." in page
    assert "<input" not in page.partition("<main")[2]


def test_signing_out_needs_more_than_a_link(signed_in, world: World):
    client = signed_in(world.ines)
    assert client.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in client.session


def test_a_new_password_is_told_to_the_trail_and_works(signed_in, world: World, client):
    signed_in(world.ines)
    page = client.get("/accounts/password/change/").content.decode()
    assert "New password again" in page
    short = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    assert "too short" in client.post("/accounts/password/change/", short).content.decode()
    new = {"oldpassword": PASSWORD, "password1": "battery staple horse", "password2": "battery staple horse"}
    assert client.post("/accounts/password/change/", new).status_code == 302
    world.ines.refresh_from_db()
    assert world.ines.check_password("battery staple horse")
    entry = TrailEntry.objects.get(action="person.changed")
    assert (entry.actor, entry.after) == (world.ines, {"password": "changed"})


def test_a_session_ends(client, world: World, settings):
    sign_in(client, "ines@northmoor.example", PASSWORD)
    assert client.session.get_expire_at_browser_close()
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE
    client.logout()
    assert "at the latest after 12 hours" in client.get(LOGIN).content.decode()


# --- The demo's sign-in page --------------------------------------------------------------------------------


@pytest.fixture
def demo(db, settings):
    settings.DEMO = True
    Organisation.objects.create(name=cast.ORGANISATION, is_demo=True)
    for person in cast.PEOPLE:
        User.objects.create_user(person.email, person.name, settings.DEMO_PASSWORD)
    return settings


def test_the_demo_shows_its_people_and_each_button_signs_in(client, demo):
    page = client.get(f"{LOGIN}?next=/records/").content.decode()
    assert demo.DEMO_PASSWORD in page
    assert all(person.email in page for person in cast.PEOPLE)
    assert page.count('name="next" value="/records/"') == len(cast.PEOPLE) + 1
    answer = sign_in(client, cast.PEOPLE[0].email, demo.DEMO_PASSWORD, next="/records/")
    assert answer.headers["Location"] == "/records/"


@pytest.mark.parametrize(("setting", "database"), [(True, False), (False, True), (False, False)])
def test_no_password_is_shown_unless_setting_and_database_both_say_demo(client, demo, setting, database):
    demo.DEMO = setting
    Organisation.objects.update(is_demo=database)
    page = client.get(LOGIN).content.decode()
    assert "Sign in" in page
    assert demo.DEMO_PASSWORD not in page


# --- Every page ---------------------------------------------------------------------------------------------


def test_every_page_is_ours_and_keeps_the_policy(client, signed_in, world: World):
    open_pages = ["login", "signup", "password/reset", "inactive"]
    pages = [client.get(f"/accounts/{path}/") for path in open_pages]
    signed_in(world.ines)
    pages += [client.get(f"/accounts/{path}/") for path in ("logout", "password/change", "reauthenticate")]
    for page in pages:
        text = page.content.decode()
        assert page.status_code == 200
        assert "· Audit Portal</title>" in text
        assert ' style="' not in text
        assert "style-src 'self'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
