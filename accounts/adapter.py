"""How allauth behaves here: accounts are made by administrators, nobody signs up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        # The same words whichever of the two was wrong, and whether the account exists or not.
        "username_password_mismatch": "This name and password do not belong together.",
        "email_password_mismatch": "This name and password do not belong together.",
        "too_many_login_attempts": "Too many wrong tries. Wait five minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
