"""What axe finds on a page: nothing serious or critical, in either theme."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

BAD = ("serious", "critical")
# A theme changes colours, which these rules judge; everything else is the same in the other.
OF_COLOURS = ("color-contrast", "link-in-text-block")
THEMES: dict[str, dict[str, Any]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": OF_COLOURS},
}


def assert_accessible(page: Page) -> None:
    """Check the page as it stands in both themes; the message names rule, element and reason."""
    found = []
    for theme, options in THEMES.items():
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme; }", theme)
        for violation in Axe().run(page, options=options).response["violations"]:
            if violation["impact"] in BAD:
                places = [node["html"][:160] for node in violation["nodes"][:3]]
                found.append(f"{theme} {page.url} {violation['id']}: {violation['help']} {places}")
    assert not found, "\n".join(found)
