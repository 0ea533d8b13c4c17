"""A source whose logs are pushed and uploaded, and pushing to it."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from reviews.models import LogSource
from reviews.workflows import tokens
from reviews.workflows.scanning import spool_of
from tests.world import World, make_source


def make_open_source(world: World, **values: Any) -> LogSource:
    """A source of access logs that reads no place."""
    return make_source(world, "", **{"name": "Pushed log", "format": "web_access", **values})


class Sender:
    """Pushes with a token of its own."""

    def __init__(self, world: World, source: LogSource) -> None:
        self.source = source
        self.secret = tokens.make(world.tomas, source).secret
        self.url = reverse("push", args=[source.pk])
        self.client = Client(enforce_csrf_checks=True)

    def push(self, body: bytes, **headers: str) -> HttpResponse:
        """POST with headers such as `content_encoding="gzip"`."""
        given = {"authorization": f"Bearer {self.secret}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.post(self.url, body, content_type="application/x-ndjson", headers=given)

    def kept(self) -> list[bytes]:
        """What waits in the spool."""
        return [one.path.read_bytes() for one in spool_of(self.source).arrivals()]


def said(response: HttpResponse) -> str:
    """The sentence of a refusal."""
    return str(json.loads(response.content)["error"])
