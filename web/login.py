"""The login form: allauth's, in the words of the product and with clean text."""

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm

from web.forms import CleanTextMixin


class LoginForm(CleanTextMixin, AllauthLoginForm):
    """Settings name it in `ACCOUNT_FORMS`. The same words whether an account exists or not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self._word("login", "User name or e-mail", autocomplete="username", autocapitalize="none", spellcheck="false")
        self._word("password", "Password")
        if "remember" in self.fields:
            self.fields["remember"].label = "Stay logged in on this device"

    def _word(self, name: str, label: str, **attrs: str) -> None:
        if name in self.fields:
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("placeholder", None)
            self.fields[name].widget.attrs.update(attrs)
