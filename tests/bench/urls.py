"""The product's addresses, and those that it is measured against."""

from django.urls import include, path

from config.urls import handler400, handler403, handler404, handler500
from tests.bench import floors

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("bench/empty/", floors.empty),
    path("bench/replay/<str:name>/", floors.replay),
    path("", include("config.urls")),
]
