"""Light, dark, or like the system: kept with the person, and in a cookie for pages before login."""

from django.http import HttpRequest, HttpResponseBase

COOKIE = "belay_theme"
THEMES = ("light", "dark", "auto")
YEAR = 365 * 24 * 3600  # seconds


def current(request: HttpRequest) -> str:
    """One of `THEMES`: the person's choice, else this browser's, else auto (CSS follows the system)."""
    user = getattr(request, "user", None)
    own = getattr(user, "theme", "") if user is not None and user.is_authenticated else ""
    chosen = own or request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else "auto"


def choose(request: HttpRequest, response: HttpResponseBase, theme: str) -> None:
    """Keep a choice. Raises ValueError for a theme that does not exist."""
    if theme not in THEMES:
        raise ValueError(theme)
    user = request.user
    if user.is_authenticated and hasattr(user, "theme"):
        user.theme = theme
        user.save(update_fields=["theme"])
    response.set_cookie(COOKIE, theme, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure())
