"""The control of every check of accessibility: it does find what is wrong, in either theme."""

import pytest
from playwright.sync_api import Page

from tests.browser.axe import assert_accessible

PAGE = """<!doctype html><html lang="en"><head><title>Page</title><style>
body {{ background: white; color: black; }} [data-bs-theme="{theme}"] p {{ color: #eee; }}
</style></head><body><main><h1>Page</h1><p>Hardly to be read</p>{more}</main></body></html>"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_that_cannot_be_read_in_one_theme(page: Page, theme):
    page.set_content(PAGE.format(theme=theme, more=""))
    with pytest.raises(AssertionError, match=f"^{theme} .*color-contrast"):
        assert_accessible(page)


def test_a_field_without_a_name(page: Page):
    page.set_content(PAGE.format(theme="none", more="<input>"))
    with pytest.raises(AssertionError, match="^light .* label:"):
        assert_accessible(page)


def test_a_page_without_fault(page: Page):
    page.set_content(PAGE.format(theme="none", more="<label>Name <input></label>"))
    assert_accessible(page)
