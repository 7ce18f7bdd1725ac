from django.urls import path

from policies import authority_views
from policies.views import documents

app_name = "policies"
urlpatterns = [
    path("", documents.policy_detail, name="policy_detail"),
    path("authority/", authority_views.authority_detail, name="authority_detail"),
    path("delegations/", authority_views.delegation_list, name="delegation_list"),
    path("delegations/create/", authority_views.delegation_create, name="delegation_create"),
    path("delegations/<int:pk>/end/", authority_views.delegation_end, name="delegation_end"),
    path("<str:code>/markdown/", documents.policy_markdown, name="policy_markdown"),
    path("<str:code>/", documents.policy_detail, name="policy_detail"),
]
