from django.urls import path

from escalations.views import handoffs

app_name = "escalations"

handoff_urls = [
    path("tickets/<str:ref>/handoffs/<int:pk>/", handoffs.handoff_detail, name="handoff_detail"),
]

urlpatterns = [
    *handoff_urls,
]
