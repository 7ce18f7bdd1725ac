from django.urls import path

from web.views import session, style, theme

app_name = "web"

urlpatterns = [
    path("theme/", theme.theme, name="theme"),
    path("session/login/", session.session_login, name="session_login"),
    path("style/", style.style, name="style"),
]
