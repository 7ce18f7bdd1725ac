from django.urls import path

from escalations.views import (
    advice,
    around,
    attachments,
    bulk,
    calendars,
    citations,
    clocks,
    consults,
    credit_ledger,
    credits,
    customers,
    desk,
    desk_handover,
    handoff_answers,
    handoff_edit,
    handoffs,
    home,
    imports,
    inbox,
    intake,
    intake_drafts,
    issues,
    links,
    mentions,
    merges,
    messages,
    moves,
    presence,
    queue,
    saved_views,
    similar,
    team_desk,
    ticket_actions,
    ticket_forms,
    tickets,
    triggers,
)

app_name = "escalations"

# Before the tickets: "create" is no reference.
queue_urls = [
    path("", home.home, name="home"),
    path("search/", queue.ticket_search, name="ticket_search"),
    path("queue/", queue.queue_list, name="queue_list"),
    path("queue/news/", queue.queue_news, name="queue_news"),
    path("queue/export/", queue.queue_export, name="queue_export"),
    path("tickets/create/", intake.ticket_create, name="ticket_create"),
    path("tickets/create/draft/", intake_drafts.ticket_create_draft, name="ticket_create_draft"),
    path("tickets/create/discard/", intake_drafts.ticket_create_discard, name="ticket_create_discard"),
    path("tickets/create/customer/", intake.ticket_create_customer, name="ticket_create_customer"),
    path("tickets/create/duplicates/", intake.ticket_create_duplicates, name="ticket_create_duplicates"),
    path("tickets/<str:ref>/read/", queue.ticket_read, name="ticket_read"),
    path("customers/<int:pk>/", customers.customer_detail, name="customer_detail"),
    path("customers/<int:pk>/edit/", customers.customer_change, name="customer_change"),
]

view_urls = [
    path("views/", saved_views.view_list, name="view_list"),
    path("views/create/", saved_views.view_create, name="view_create"),
    path("views/<int:pk>/edit/", saved_views.view_edit, name="view_edit"),
    path("views/<int:pk>/delete/", saved_views.view_delete, name="view_delete"),
    path("views/<int:pk>/pin/", saved_views.view_pin, name="view_pin"),
    path("views/<int:pk>/move/", saved_views.view_move, name="view_move"),
]

bulk_urls = [
    path("bulk/", bulk.bulk_list, name="bulk_list"),
    path("bulk/create/", bulk.bulk_create, name="bulk_create"),
    path("bulk/one/", bulk.bulk_one, name="bulk_one"),
    path("bulk/<int:pk>/", bulk.bulk_detail, name="bulk_detail"),
    path("bulk/<int:pk>/go-on/", bulk.bulk_go_on, name="bulk_go_on"),
    path("bulk/<int:pk>/undo/", bulk.bulk_undo, name="bulk_undo"),
]

handoff_urls = [
    path("tickets/<str:ref>/handoff/create/", handoffs.handoff_create, name="handoff_create"),
    path("tickets/<str:ref>/handoff/draft/", handoffs.handoff_draft, name="handoff_draft"),
    path("tickets/<str:ref>/handoff/discard/", handoffs.handoff_discard, name="handoff_discard"),
    path("tickets/<str:ref>/handoff/preview/", handoffs.handoff_preview, name="handoff_preview"),
    path("tickets/<str:ref>/handoffs/<int:pk>/", handoff_answers.handoff_detail, name="handoff_detail"),
    path("tickets/<str:ref>/handoffs/<int:pk>/edit/", handoff_edit.handoff_edit, name="handoff_edit"),
    path("tickets/<str:ref>/handoffs/<int:pk>/draft/", handoff_edit.handoff_edit_draft, name="handoff_edit_draft"),
    path("tickets/<str:ref>/handoffs/<int:pk>/print/", handoff_answers.handoff_print, name="handoff_print"),
    path(
        "tickets/<str:ref>/handoffs/<int:pk>/acknowledge/",
        handoff_answers.handoff_acknowledge,
        name="handoff_acknowledge",
    ),
    path("tickets/<str:ref>/handoffs/<int:pk>/accept/", handoff_answers.handoff_accept, name="handoff_accept"),
    path("tickets/<str:ref>/handoffs/<int:pk>/return/", handoff_answers.handoff_return, name="handoff_return"),
    path("tickets/<str:ref>/handoffs/<int:pk>/withdraw/", handoff_answers.handoff_withdraw, name="handoff_withdraw"),
    path("tickets/<str:ref>/handoffs/<int:pk>/redirect/", handoff_answers.handoff_redirect, name="handoff_redirect"),
    path("inbox/", inbox.inbox_list, name="inbox_list"),
    path("inbox/news/", inbox.inbox_news, name="inbox_news"),
    path("inbox/export/", inbox.inbox_export, name="inbox_export"),
    path("tickets/<str:ref>/attachments/", attachments.attachment_create, name="attachment_create"),
    path("attachments/<uuid:key>/", attachments.attachment_detail, name="attachment_detail"),
    path("attachments/<uuid:key>/delete/", attachments.attachment_delete, name="attachment_delete"),
]

ticket_urls = [
    path("tickets/<str:ref>/", tickets.ticket_detail, name="ticket_detail"),
    path("tickets/<str:ref>/news/", tickets.ticket_news, name="ticket_news"),
    path("tickets/<str:ref>/hops/", tickets.hop_list, name="hop_list"),
    path("tickets/<str:ref>/advice/", advice.ticket_advice, name="ticket_advice"),
    path("tickets/<str:ref>/clocks/<int:pk>/", clocks.clock_detail, name="clock_detail"),
    path("tickets/<str:ref>/messages/reply/", messages.message_reply, name="message_reply"),
    path("tickets/<str:ref>/messages/note/", messages.message_note, name="message_note"),
    path("tickets/<str:ref>/messages/customer/", messages.message_customer, name="message_customer"),
    path("tickets/<str:ref>/drafts/<slug:form>/", messages.form_draft, name="form_draft"),
    path("tickets/<str:ref>/facts/", ticket_forms.ticket_facts, name="ticket_facts"),
    path("tickets/<str:ref>/resolve/", ticket_forms.ticket_resolve, name="ticket_resolve"),
    path("tickets/<str:ref>/priority/", ticket_actions.ticket_priority, name="ticket_priority"),
    path("tickets/<str:ref>/assign/", ticket_actions.ticket_assign, name="ticket_assign"),
    path("tickets/<str:ref>/wait/", ticket_actions.ticket_wait, name="ticket_wait"),
    path("tickets/<str:ref>/resume/", ticket_actions.ticket_resume, name="ticket_resume"),
    path("tickets/<str:ref>/reopen/", ticket_actions.ticket_reopen, name="ticket_reopen"),
    path("tickets/<str:ref>/close/", ticket_actions.ticket_close, name="ticket_close"),
    path("tickets/<str:ref>/restrict/", ticket_actions.ticket_restrict, name="ticket_restrict"),
    path("tickets/<str:ref>/handoffs/<int:pk>/seen/", ticket_actions.feedback_seen, name="feedback_seen"),
]

similar_urls = [
    path("tickets/<str:ref>/presence/", presence.ticket_presence, name="ticket_presence"),
    path("answers/", similar.answer_list, name="answer_list"),
    path("tickets/<str:ref>/similar/", similar.ticket_similar, name="ticket_similar"),
    path("tickets/<str:ref>/similar/<str:other>/use/", similar.similar_use, name="similar_use"),
    path("tickets/<str:ref>/similar/<str:other>/take-back/", similar.similar_take_back, name="similar_take_back"),
    path("tickets/<str:ref>/similar/<str:other>/copy/", similar.similar_copy, name="similar_copy"),
]

link_urls = [
    path("issues/", issues.issue_list, name="issue_list"),
    path("issues/create/", issues.issue_create, name="issue_create"),
    path("issues/<int:pk>/", issues.issue_detail, name="issue_detail"),
    path("issues/<int:pk>/edit/", issues.issue_change, name="issue_change"),
    path("issues/<int:pk>/close/", issues.issue_close, name="issue_close"),
    path("issues/<int:pk>/reopen/", issues.issue_reopen, name="issue_reopen"),
    path("tickets/<str:ref>/links/", links.ticket_links, name="ticket_links"),
    path("tickets/<str:ref>/links/parent/", links.ticket_link_parent, name="ticket_link_parent"),
    path("tickets/<str:ref>/links/parent/remove/", links.ticket_unlink_parent, name="ticket_unlink_parent"),
    path("tickets/<str:ref>/links/issue/", links.ticket_link_issue, name="ticket_link_issue"),
    path("tickets/<str:ref>/links/issue/remove/", links.ticket_unlink_issue, name="ticket_unlink_issue"),
    path("tickets/<str:ref>/links/not-the-same/", links.ticket_not_duplicate, name="ticket_not_duplicate"),
    path("tickets/<str:ref>/merge/", merges.ticket_merge, name="ticket_merge"),
    path("tickets/<str:ref>/split/", merges.ticket_split, name="ticket_split"),
]

import_urls = [
    path("imports/", imports.import_list, name="import_list"),
    path("imports/create/", imports.import_create, name="import_create"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/columns/", imports.import_columns, name="import_columns"),
    path("imports/<int:pk>/values/", imports.import_values, name="import_values"),
    path("imports/<int:pk>/preview/", imports.import_preview, name="import_preview"),
    path("imports/<int:pk>/mapping/", imports.import_mapping, name="import_mapping"),
    path("imports/<int:pk>/check/", imports.import_check, name="import_check"),
    path("imports/<int:pk>/start/", imports.import_start, name="import_start"),
    path("imports/<int:pk>/errors/", imports.import_errors, name="import_errors"),
    path("imports/<int:pk>/undo/", imports.import_undo, name="import_undo"),
]

desk_urls = [
    path("desk/news/", desk.desk_news, name="desk_news"),
    path("people/<int:pk>/desk/handover/", desk_handover.desk_handover, name="desk_handover"),
    path("people/<int:pk>/desk/handover/draft/", desk_handover.desk_handover_draft, name="desk_handover_draft"),
    path("desk/handovers/<int:pk>/", desk_handover.desk_handover_detail, name="desk_handover_detail"),
    path("team-desk/", team_desk.team_desk, name="team_desk"),
    path("tickets/<str:ref>/people/", mentions.mention_list, name="mention_list"),
    path("tickets/<str:ref>/mentions/<int:pk>/seen/", desk.mention_seen, name="mention_seen"),
    path("tickets/<str:ref>/desk-notes/<int:pk>/seen/", desk.desk_line_seen, name="desk_line_seen"),
]

around_urls = [
    path("inbox/consults/", consults.consult_list, name="consult_list"),
    path("tickets/<str:ref>/consults/create/", consults.consult_create, name="consult_create"),
    path("tickets/<str:ref>/consults/<int:pk>/", consults.consult_detail, name="consult_detail"),
    path("tickets/<str:ref>/consults/<int:pk>/answer/", consults.consult_answer, name="consult_answer"),
    path("tickets/<str:ref>/consults/<int:pk>/withdraw/", consults.consult_withdraw, name="consult_withdraw"),
    path("tickets/<str:ref>/consults/<int:pk>/seen/", consults.consult_seen, name="consult_seen"),
    path("tickets/<str:ref>/handoffs/<int:pk>/read-back/", around.read_back_give, name="read_back_give"),
    path("tickets/<str:ref>/handoffs/<int:pk>/read-back/answer/", around.read_back_answer, name="read_back_answer"),
    path("tickets/<str:ref>/handoffs/<int:pk>/release/", around.handoff_release, name="handoff_release"),
    path("tickets/<str:ref>/handoffs/<int:pk>/follow-up/", around.follow_up_create, name="follow_up_create"),
    path("tickets/<str:ref>/transfer/", moves.ticket_transfer, name="ticket_transfer"),
    path("tickets/<str:ref>/de-escalate/", moves.ticket_de_escalate, name="ticket_de_escalate"),
]

credit_urls = [
    path("approvals/", credits.approval_list, name="approval_list"),
    path("approvals/<int:pk>/", credits.credit_detail, name="credit_detail"),
    path("approvals/<int:pk>/approve/", credits.credit_approve, name="credit_approve"),
    path("approvals/<int:pk>/deny/", credits.credit_deny, name="credit_deny"),
    path("approvals/<int:pk>/route-up/", credits.credit_route_up, name="credit_route_up"),
    path("approvals/<int:pk>/reverse/", credits.credit_reverse, name="credit_reverse"),
    path("approvals/<int:pk>/take-back/", credits.credit_take_back, name="credit_take_back"),
    path("approvals/ledger/", credit_ledger.credit_ledger, name="credit_ledger"),
    path("approvals/ledger/export/", credit_ledger.credit_export, name="credit_export"),
    path("tickets/<str:ref>/credits/create/", credits.credit_create, name="credit_create"),
]

trigger_urls = [
    path("triggers/try/", triggers.trigger_try, name="trigger_try"),
    path("citations/<str:code>/", citations.citation_list, name="citation_list"),
    path("calendars/<slug:code>/preview/", calendars.calendar_preview, name="calendar_preview"),
]

urlpatterns = [
    *queue_urls,
    *link_urls,
    *desk_urls,
    *bulk_urls,
    *view_urls,
    *import_urls,
    *handoff_urls,
    *ticket_urls,
    *similar_urls,
    *around_urls,
    *credit_urls,
    *trigger_urls,
]
