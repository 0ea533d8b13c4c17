"""Identity: who people are. What they may do is the business of reviews.access."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "auditportal.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        import_module("auditportal.accounts.signals")
