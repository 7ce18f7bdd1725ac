"""What a version of the policy, or one clause of it, was applied to."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from escalations.selectors.citations import citations_url, citing, kinds_for, lines_of
from escalations.selectors.counts import CAP, capped_counts, count_text
from policies.access import version_for
from policies.proving import rules_of
from web.pagination import paginate

PAGE = 50
LONGEST_CLAUSE = 80


@require_safe
def citation_list(request: HttpRequest, code: str) -> HttpResponse:
    """Escalations, credit decisions or clocks (`?kind=`) that cite a version or one `?clause=`, the newest first."""
    version = version_for(request.user, code)
    kinds = {kind.key: kind for kind in kinds_for(request.user)}
    kind = kinds.get(request.GET.get("kind", "escalations"))
    asked = request.GET.get("clause", "")[:LONGEST_CLAUSE]
    policy = rules_of(version)
    if kind is None or (asked and asked not in policy.clauses):
        raise Http404("Nothing of this kind cites the policy.")
    shown = {key: one for key, one in kinds.items() if one.by_clause or not asked or one is kind}
    numbers = capped_counts([citing(request.user, one, version.pk, asked).order_by() for one in shown.values()])
    tabs = [
        {"label": one.title, "url": citations_url(version.code, key, asked), "current": one is kind,
         "count": count_text(number, CAP)}
        for (key, one), number in zip(shown.items(), numbers, strict=True)
    ]  # fmt: skip
    rows = citing(request.user, kind, version.pk, asked).select_related("ticket", *kind.related)
    page = paginate(rows, ordering=("-id",), cursor=request.GET.get("cursor", ""), size=PAGE)
    context = {
        "version": version, "kind": kind, "tabs": tabs, "page": page,
        "clause": policy.clause(asked) if asked else None,
        "lines": [(line, policy.clause(line.clause).number) for line in lines_of(kind, page.rows)],
    }  # fmt: skip
    return render(request, "escalations/citation_list.html", context)
