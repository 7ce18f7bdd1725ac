"""What somebody types into a handoff form, kept while it is typed, whether the handoff is filed already or not."""

from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from escalations.forms.handoff import KEPT, PREFIX, STEP_FIELDS, Draft, draft_of_post
from escalations.views.answers import conflict_panel
from escalations.views.handoff_page import LABELS, HandoffPage
from journal.models import Draft as StoredDraft
from journal.services import DraftConflict, draft_save
from web import conflicts
from web.conflicts import DRAFTS, Conflict
from web.http import CONFLICT
from web.text import showable

NAMES = (*KEPT, PREFIX)


def version_of(page: HandoffPage) -> int | None:
    """The draft's version on the page; 0 while there was none, so that another window's first save is noticed.

    None, which overwrites, where this very window saved last: it may have been reloaded before its save arrived.
    """
    post = page.request.POST
    mark = post.get("draft_window", "")
    if mark and page.draft is not None and page.draft.data.get("window") == mark:
        return None
    text = post.get("draft_version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def save(page: HandoffPage, values: Draft, *, version: int | None = None) -> StoredDraft:
    """Keep the values. Raises DraftConflict when another window saved since `version`."""
    mark = page.request.POST.get("draft_window", "")[:40]
    return draft_save(
        user=page.request.user, form=page.form_key, data={**values, **page.made_from(), "window": showable(mark)},
        version=version, base_version=page.ticket.version,
    )  # fmt: skip


def check_other_window(page: HandoffPage) -> None:
    """Sending the form ends the draft, so nothing that another window saved may be lost by it. Raises DraftConflict."""
    stored = page.draft
    if stored is None or version_of(page) in (None, stored.version):
        return
    if any((stored.data.get(n) or "") != (v or "") for n, v in draft_of_post(page.request.POST).items()):
        raise DraftConflict(stored)


def panel_of(page: HandoffPage, stored: StoredDraft) -> Conflict:
    """Two windows of one person: what each of them holds."""
    mine = draft_of_post(page.request.POST)
    theirs = {name: stored.data.get(name) or mine.get(name) and "" for name in mine}
    return conflict_panel(
        page.request, who="Your other window", at=stored.saved_at, what="draft", short="the other",
        labels={name: LABELS[name] for name in mine}, theirs=theirs, mine=mine, show=page.words(), between=DRAFTS,
    )  # fmt: skip


def keep(page: HandoffPage) -> HttpResponse:
    """Answer an autosave with what changes while one types; 409 with both versions when another window saved."""
    try:
        stored = save(page, draft_of_post(page.request.POST), version=version_of(page))
    except DraftConflict as error:
        panel = panel_of(page, error.stored)
        return render(page.request, "escalations/_handoff_conflict.html", {"conflict": panel}, status=CONFLICT)
    response = render(page.request, "escalations/_handoff_live.html", page.live(page.posted()))
    response["Belay-Saved"], response["Belay-Version"] = page.clock(stored.saved_at), str(stored.version)
    return response


def asks_for_choice(post: QueryDict) -> bool:
    """Whether this is the answer to `panel_of`."""
    return post.get("between") == DRAFTS and ("resolve" in post or "take_all" in post)


def choose(page: HandoffPage) -> None:
    """Keep of each field the window that was chosen."""
    mine, stored = draft_of_post(page.request.POST), page.draft
    theirs = stored.data if stored else mine
    values = conflicts.resolve(page.request.POST, names=NAMES, theirs=theirs, mine=mine)
    save(page, values, version=stored.version if stored else None)


def keep_in_draft(page: HandoffPage, name: str, text: str) -> None:
    """Put `text` below what the draft says there; a draft that is new begins with what the form would have shown."""
    stored = page.draft
    values = {key: stored.data.get(key) for key in NAMES} if stored else page.beginning()
    values[name] = "\n\n".join(part for part in (str(values.get(name) or ""), text) if part)
    save(page, values, version=stored.version if stored else None)


def without_step(post: QueryDict) -> Draft:
    """What was typed, less the step whose button was pressed."""
    index = post.get("remove_step")
    if index is not None:
        post = post.copy()
        for name in STEP_FIELDS:
            post[f"{PREFIX}-{index}-{name}"] = ""
    return draft_of_post(post)
