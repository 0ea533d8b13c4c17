"""Identity: who people are. What they may do is the business of reviews.access."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "auditportal.accounts"
    label = "accounts"
    verbose_name = "Accounts"
