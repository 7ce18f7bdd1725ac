"""Public holidays by country, from the `holidays` library, as the calendars take them."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import holidays

LANGUAGE = "en_US"


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
