"""What allauth asks us: nobody signs up without an invitation."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Local accounts, by invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
