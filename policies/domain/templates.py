"""Messages to the customer: words with names in braces, filled from the ticket."""

from collections.abc import Mapping
from string import Formatter

# What a template may name, and an example for its preview.
PLACEHOLDERS: Mapping[str, str] = {
    "ref": "BLY-4182",
    "subject": "Webhook deliveries stop after key rotation",
    "contact": "Hanna Lindqvist",
    "customer": "Pellworth Freight",
    "agent": "Priya Natarajan",
    "team": "Integrations",
    "priority": "P2",
    "estimate": "today, 18:00 CEST",
    "next_update": "today, 15:00 CEST",
}


def template_problems(text: str) -> list[str]:
    """What is wrong with a template: names that nothing fills, braces that do not close, anything but a plain name."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        return [f"A brace does not close: {error}."]
    problems = []
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if spec or conversion or name not in PLACEHOLDERS:
            shown = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            problems.append(f"Nothing fills {{{shown}}}. Use one of {', '.join(PLACEHOLDERS)}.")
    return problems


def fill_template(text: str, values: Mapping[str, str]) -> str:
    """The text with its names filled; one without a value stays as it is, for its author to see.

    The text has passed `template_problems`.
    """
    filled = []
    for literal, name, _, _ in Formatter().parse(text):
        filled.append(literal)
        if name is not None:
            filled.append(values.get(name) or f"{{{name}}}")
    return "".join(filled)
