from django.urls import path

from accounts.views import absences, calendars, expertise, rota, rota_plans, shifts

app_name = "accounts"

# Before the teams: "shifts" and "swaps" are no team.
shift_urls = [
    path("duty/shifts/<int:pk>/", shifts.shift_detail, name="shift_detail"),
    path("duty/shifts/<int:pk>/edit/", shifts.shift_change, name="shift_change"),
    path("duty/shifts/<int:pk>/delete/", shifts.shift_delete, name="shift_delete"),
    path("duty/shifts/<int:pk>/cover/", shifts.shift_cover, name="shift_cover"),
    path("duty/shifts/<int:pk>/swap/", shifts.swap_create, name="swap_create"),
    path("duty/swaps/<int:pk>/accept/", shifts.swap_accept, name="swap_accept"),
    path("duty/swaps/<int:pk>/decline/", shifts.swap_decline, name="swap_decline"),
    path("duty/swaps/<int:pk>/withdraw/", shifts.swap_withdraw, name="swap_withdraw"),
]

rota_urls = [
    path("duty/", rota.rota_list, name="rota_list"),
    path("duty/teams/<slug:code>/", rota.rota_detail, name="rota_detail"),
    path("duty/teams/<slug:code>/month/", rota.rota_month, name="rota_month"),
    path("duty/teams/<slug:code>/export/", rota.rota_export, name="rota_export"),
    path("duty/teams/<slug:code>/create/", shifts.shift_create, name="shift_create"),
    path("duty/teams/<slug:code>/pattern/", rota_plans.rota_pattern, name="rota_pattern"),
    path("duty/teams/<slug:code>/import/", rota_plans.rota_import_page, name="rota_import"),
]

absence_urls = [
    path("absences/", absences.absence_list, name="absence_list"),
    path("absences/create/", absences.absence_create, name="absence_create"),
    path("absences/<int:pk>/edit/", absences.absence_change, name="absence_change"),
    path("absences/<int:pk>/cancel/", absences.absence_cancel, name="absence_cancel"),
]

expertise_urls = [
    path("expertise/", expertise.expertise_list, name="expertise_list"),
    path("expertise/<int:pk>/", expertise.expertise_detail, name="expertise_detail"),
    path("expertise/<int:pk>/<slug:code>/", expertise.rating_change, name="rating_change"),
]

# Before the others: "create" is no calendar's code.
calendar_urls = [
    path("calendars/", calendars.calendar_list, name="calendar_list"),
    path("calendars/create/", calendars.calendar_create, name="calendar_create"),
    path("calendars/<slug:code>/", calendars.calendar_detail, name="calendar_detail"),
    path("calendars/<slug:code>/edit/", calendars.calendar_edit, name="calendar_edit"),
]

urlpatterns = [*shift_urls, *rota_urls, *absence_urls, *expertise_urls, *calendar_urls]
