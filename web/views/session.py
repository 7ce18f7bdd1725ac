"""Log in without leaving the page: the dialog that opens when a session has expired.

It is allauth's own login view (its form, its rate limits) with another template and another answer.
"""

from http import HTTPStatus
from typing import Any

from allauth.account.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token

PERSON_HEADER = "Belay-Person"


class SessionLogin(LoginView):
    template_name = "web/_session_login.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # allauth's own check turns whoever is logged in away with a redirect, which a script cannot use.
        if request.user.is_authenticated:
            return _renewed(request)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        if self.request.user.is_authenticated:
            return _renewed(self.request)
        # A second step (a code, a passkey) is due: the script sends the person to its page.
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Belay-Location": response.get("Location", "/")})

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=HTTPStatus.UNPROCESSABLE_ENTITY)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Past allauth's answer to XMLHttpRequest, which is JSON.
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)


def _renewed(request: HttpRequest) -> HttpResponse:
    """204, who it is, and a fresh CSRF cookie: the page goes on where it was."""
    get_token(request)
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={PERSON_HEADER: str(request.user.pk)})


session_login = SessionLogin.as_view()
session_login.login_required = False
