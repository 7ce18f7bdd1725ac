from django.urls import path

from web.views import palette, session, style, theme

app_name = "web"

urlpatterns = [
    path("theme/", theme.theme, name="theme"),
    path("palette/", palette.palette, name="palette"),
    path("session/login/", session.session_login, name="session_login"),
    path("style/", style.style, name="style"),
]
