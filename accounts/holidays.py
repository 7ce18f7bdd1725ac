"""Public holidays by country, from the `holidays` library, as the calendars take them."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import holidays
from holidays.registry import COUNTRIES

LANGUAGE = "en_US"
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class UnknownCountry(ValueError):
    """No such country, or no such part of it, in the holidays library."""


def countries() -> dict[str, tuple[str, ...]]:
    """ISO 3166 code of every supported country, with the codes of its subdivisions."""
    supported = holidays.list_supported_countries(include_aliases=False)
    return {country: tuple(supported[country]) for country in sorted(supported)}


@lru_cache(maxsize=2048)
def public_holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """The public holidays of one year by local date, in English where the library has it.

    The `HolidaySource` that `build_calendar` is given. Raises UnknownCountry.
    """
    try:
        found = holidays.country_holidays(
            country, subdiv=subdivision or None, years=year, expand=False, language=LANGUAGE
        )
    except NotImplementedError as error:
        raise UnknownCountry(f"no public holidays are known for {country} {subdivision}".rstrip()) from error
    return MappingProxyType({day: found[day] for day in sorted(found) if day.year == year})


def frozen(country: str, subdivision: str, years: Iterable[int]) -> dict[date, str]:
    """The holidays of several years, to be stored in a calendar's definition. Raises UnknownCountry."""
    return {day: name for year in years for day, name in public_holidays(country, subdivision, year).items()}


@lru_cache
def country_names() -> dict[str, str]:
    """ISO 3166 code → its English name, by name, of every supported country."""
    found = {entry[1]: CAPITAL.sub(" ", entry[0]) for entry in COUNTRIES.values()}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def country_problems(country: str, subdivision: str) -> dict[str, str]:
    """`country` or `subdivision` → what is wrong with it. Nothing: holidays are known for both."""
    known = countries()
    if country and country not in known:
        return {"country": f"No public holidays are known for {country}."}
    if not subdivision:
        return {}
    if not country:
        return {"subdivision": "Choose the country that it is a part of."}
    parts = known[country]
    if subdivision not in parts:
        offered = f"Known are {', '.join(parts)}." if parts else "They are the same in all of it."
        return {"subdivision": f"{subdivision} has no holidays of its own in {country}. {offered}"}
    return {}
