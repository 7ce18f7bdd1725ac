from django.urls import path

from policies.views import authority, changes, designer, documents, proof, rows, triggers, versions

app_name = "policies"

# Before the documents: "versions" is no version's code.
studio_urls = [
    path("versions/", versions.version_list, name="version_list"),
    path("versions/<str:code>/", versions.version_detail, name="version_detail"),
    path("versions/<str:code>/edit/", versions.version_edit, name="version_edit"),
    path("versions/<str:code>/copy/", versions.version_copy, name="version_copy"),
    path("versions/<str:code>/delete/", versions.version_delete, name="version_delete"),
    path("versions/<str:code>/rules/", rows.version_rules, name="version_rules"),
    path("versions/<str:code>/rules/<slug:section>/", rows.section_detail, name="section_detail"),
    path("versions/<str:code>/rules/<slug:section>/create/", rows.row_create, name="row_create"),
    path("versions/<str:code>/rules/<slug:section>/<int:pk>/", rows.row_edit, name="row_edit"),
    path("versions/<str:code>/rules/<slug:section>/<int:pk>/delete/", rows.row_delete, name="row_delete"),
    path("versions/<str:code>/rules/<slug:section>/<int:pk>/move/", rows.row_move, name="row_move"),
    path("versions/<str:code>/triggers/create/", triggers.trigger_create, name="trigger_create"),
    path("versions/<str:code>/triggers/condition/", triggers.trigger_condition, name="trigger_condition"),
    path("versions/<str:code>/triggers/<int:pk>/", triggers.trigger_edit, name="trigger_edit"),
    path("versions/<str:code>/proof/", proof.version_proof, name="version_proof"),
    path("versions/<str:code>/proof/accept/", proof.finding_accept, name="finding_accept"),
    path("versions/<str:code>/proof/take-back/", proof.finding_take_back, name="finding_take_back"),
    path("versions/<str:code>/changes/", changes.version_changes, name="version_changes"),
    path("versions/<str:code>/publish/", changes.version_publish, name="version_publish"),
    path("versions/<str:code>/publish/cancel/", changes.publication_cancel, name="publication_cancel"),
]

# Before the studio: nor is "designer".
designer_urls = [
    path("versions/designer/", designer.designer, name="designer"),
    path("versions/designer/<int:number>/", designer.designer_end, name="designer_end"),
    path("versions/designer/<int:number>/discard/", designer.designer_discard, name="designer_discard"),
    path("versions/designer/<int:number>/<slug:step>/", designer.designer_step, name="designer_step"),
    path("versions/designer/<int:number>/<slug:step>/draft/", designer.designer_draft, name="designer_draft"),
]

urlpatterns = [
    path("", documents.policy_detail, name="policy_detail"),
    *designer_urls,
    *studio_urls,
    path("authority/", authority.authority_detail, name="authority_detail"),
    path("delegations/", authority.delegation_list, name="delegation_list"),
    path("delegations/create/", authority.delegation_create, name="delegation_create"),
    path("delegations/<int:pk>/end/", authority.delegation_end, name="delegation_end"),
    path("<str:code>/markdown/", documents.policy_markdown, name="policy_markdown"),
    path("<str:code>/", documents.policy_detail, name="policy_detail"),
]
