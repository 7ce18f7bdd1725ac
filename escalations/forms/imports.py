"""The forms of an import: the file, its columns, and what the words in them mean."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms

from escalations.domain.import_dates import ORDER_WORDS, DateOrder, DateReader, DateUnreadable
from escalations.domain.import_guess import date_samples, guess_values
from escalations.domain.importing import FIELDS, GROUPS, Choices, Field, Kind, Mapping, MappingInvalid, Rule, fold
from escalations.models import ImportRun
from escalations.services.import_files import DELIMITERS, ENCODINGS, TableFormat
from web.formats import format_instant
from web.forms import BelayBoundField, BelayForm

PATTERNS = ("external_id", "subject", "description", "customer", "contact")
# A text for all rows makes sense of these only; a number or a name of one contact does not.
DEFAULTS = ("subject", "customer", "vendor")
SHOWN_WORDS = 120  # of a column, the most frequent; the rest follow "all other values"
FOLDED = 8  # names of people shown before they are folded away
REFUSE, EMPTY = "!refuse", "!empty"
_SPLIT = re.compile(r"[,;\n]")


class ImportFileForm(BelayForm):
    file = forms.FileField(
        label="File", help_text="CSV up to 100 MB, or an XLSX workbook up to 25 MB. The first line names the columns."
    )


class MappingFileForm(BelayForm):
    file = forms.FileField(label="Saved mapping", help_text="A JSON file, as “Download mapping” gives it.")


class FormatForm(BelayForm):
    """How the file is read."""

    half = ("encoding", "delimiter", "sheet")

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        self.how = TableFormat.from_json(run.format)
        kwargs.setdefault("initial", self.how.to_json())
        super().__init__(*args, **kwargs)
        if self.how.kind == "xlsx":
            self.fields["sheet"] = forms.ChoiceField(label="Sheet", choices=[(name, name) for name in self.how.sheets])
            return
        self.fields["encoding"] = forms.ChoiceField(label="Encoding", choices=list(ENCODINGS.items()))
        self.fields["delimiter"] = forms.ChoiceField(label="Columns are parted by", choices=list(DELIMITERS.items()))
        # A tab would be stripped away as white space.
        self.fields["delimiter"].clean = lambda value: value if value in DELIMITERS else ","  # type: ignore[method-assign]

    def wanted(self) -> TableFormat:
        return replace(self.how, **{name: self.cleaned_data[name] for name in self.fields})


class ColumnsForm(BelayForm):
    """Which column says what: `c_` a column, `p_` a pattern over several, `d_` what holds where a cell is empty."""

    def __init__(
        self, *args: Any, run: ImportRun, mapping: Mapping, choices: Choices, now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.run, self.mapping, self.offered = run, mapping, choices
        self._columns = [("", "No column")] + [(name, name) for name in run.columns]
        for one in FIELDS:
            self._add(one, mapping.rule(one.key))
        self._add_reading(now)
        # A column stands beside its default, or beside another column; above its own pattern it takes the line.
        self.half = ("zone", "yes", "no") + tuple(
            name for name in self.fields if name[:2] in ("c_", "d_") and not self._stands_alone(name[2:])
        )

    def _stands_alone(self, key: str) -> bool:
        return f"p_{key}" in self.fields and f"d_{key}" not in self.fields

    def _add(self, one: Field, rule: Rule) -> None:
        examples = self.run.profile.get("examples", {}).get(rule.column, [])
        hint = f"Such as {', '.join(examples)[:110]}" if examples else one.hint
        self.fields[f"c_{one.key}"] = forms.ChoiceField(
            label=one.label, choices=self._columns, required=False, initial=rule.column, help_text=hint
        )
        if one.kind == Kind.CHOICE:
            blank = [("", "Refuse the row" if one.required else "Leave empty")]
            self.fields[f"d_{one.key}"] = forms.ChoiceField(
                label=f"{one.label}, where nothing is said", required=False, initial=rule.default,
                choices=blank + list(self.offered.get(one.key, {}).items()),
            )  # fmt: skip
        elif one.key in DEFAULTS:
            self.fields[f"d_{one.key}"] = forms.CharField(
                label=f"{one.label}, where nothing is said", required=False, initial=rule.default,
                max_length=one.limit,
            )  # fmt: skip
        if one.key in PATTERNS:
            widget = forms.Textarea(attrs={"rows": 2}) if one.kind == Kind.LONG else forms.TextInput()
            self.fields[f"p_{one.key}"] = forms.CharField(
                label=f"{one.label} from several columns", required=False, initial=rule.pattern, widget=widget,
                max_length=2000, help_text="Columns in braces: {category} / {symptom}. Goes before the column.",
            )  # fmt: skip

    def _add_reading(self, now: datetime) -> None:
        mapping = self.mapping
        self.fields["source"] = forms.CharField(
            label="Source", max_length=40, initial=mapping.source,
            help_text="The system they come from. With the number it makes a ticket known.",
        )  # fmt: skip
        self.fields["dates"] = forms.ChoiceField(
            label="Dates are written", choices=self._date_choices(now), initial=str(mapping.dates)
        )
        zones = sorted(available_timezones())
        self.fields["zone"] = forms.ChoiceField(
            label="Time zone of the file", choices=[(name, name) for name in zones], initial=mapping.zone
        )
        for name, label, words in (
            ("unknown", "Words that mean “not known”", mapping.unknown),
            ("yes", "Words for yes", mapping.yes),
            ("no", "Words for no", mapping.no),
        ):
            self.fields[name] = forms.CharField(
                label=label, required=False, initial=", ".join(words), max_length=500, help_text="Parted by commas."
            )

    def _date_choices(self, now: datetime) -> list[tuple[str, str]]:
        """Each order with how it would read the first date of the file."""
        samples = date_samples(self.run.profile.get("examples", {}), self.mapping.rules)
        zone = ZoneInfo(self.mapping.zone)
        return [(str(order), _shown_order(order, samples, zone, now)) for order in DateOrder]

    def sections(self) -> Iterator[tuple[str, str, str, list[BelayBoundField]]]:
        """(key, heading, purpose, fields) as the page parts them."""
        for key, (title, purpose) in GROUPS.items():
            names = {"identity": ["source"], "time": ["dates", "zone"]}.get(key, [])
            halves: list[str] = []
            for one in FIELDS:
                if one.group == key:
                    parts = [f"{part}_{one.key}" for part in "cdp" if f"{part}_{one.key}" in self.fields]
                    halves += parts if len(parts) == 1 else []
                    names += parts if len(parts) > 1 else []
            yield key, title, purpose, [self[name] for name in [*names, *halves]]
        yield "words", "Words", "How short words in cells are read.", [self[name] for name in ("unknown", "yes", "no")]

    def result(self) -> Mapping:
        """The mapping that the form describes; words already mapped stay with their column."""
        data = self.cleaned_data
        return replace(
            self.mapping,
            source=data["source"].strip(), dates=DateOrder(data["dates"]), zone=data["zone"],
            unknown=_words(data["unknown"]), yes=_words(data["yes"]), no=_words(data["no"]),
            rules={one.key: rule for one in FIELDS if (rule := self._rule(one)) != Rule()},
        )  # fmt: skip

    def _rule(self, one: Field) -> Rule:
        data, old = self.cleaned_data, self.mapping.rule(one.key)
        column, pattern = data[f"c_{one.key}"], data.get(f"p_{one.key}", "")
        default = data.get(f"d_{one.key}", "")
        if not one.takes_values or not column:
            return Rule(column="" if pattern else column, pattern=pattern, default=default)
        if column == old.column:
            return replace(old, default=default)
        words = self.run.profile.get("words", {}).get(column, {})
        values = guess_values(one, words, self.offered.get(one.key, {}))
        return Rule(column=column, default=default, values=values, others=None if one.required else "")

    def refuse(self, error: MappingInvalid) -> None:
        """Put what does not fit at its field."""
        for key, text in error.problems:
            names = (f"p_{key}", f"c_{key}") if self.cleaned_data.get(f"p_{key}") else (f"c_{key}", key)
            self.add_error(next((name for name in names if name in self.fields), None), text)


def _shown_order(order: DateOrder, samples: list[str], zone: ZoneInfo, now: datetime) -> str:
    words = ORDER_WORDS[order]
    for text in samples:
        try:
            return f"{words}: {text} is {format_instant(DateReader(order, zone)(text), zone, now)}"
        except DateUnreadable:
            continue
    return f"{words}: the file’s first dates do not read so" if samples else words


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in _SPLIT.split(text) if word.strip()))


def word_key(word: str) -> str:
    """A word as part of a field's name."""
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class ValuesForm(BelayForm):
    """What each word of a column means here. Words as the file writes them, the most frequent first."""

    def __init__(self, *args: Any, run: ImportRun, mapping: Mapping, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run, self.mapping, self.offered = run, mapping, choices
        self.mapped = [one for one in FIELDS if one.takes_values and mapping.rule(one.key).column]
        unknown = {fold(word) for word in mapping.unknown}
        self.words: dict[str, dict[str, int]] = {}
        for one in self.mapped:
            counts = run.profile.get("words", {}).get(mapping.rule(one.key).column, {})
            known = {word: count for word, count in counts.items() if fold(word) not in unknown}
            ordered = sorted(known.items(), key=lambda item: (-item[1], item[0]))
            self.words[one.key] = dict(ordered[:SHOWN_WORDS])
            self._add(one, mapping.rule(one.key))
        self.half = tuple(name for name in self.fields)

    def _add(self, one: Field, rule: Rule) -> None:
        mapped = {fold(word): target for word, target in rule.values.items()}
        codes = self.offered.get(one.key, {})
        same = {fold(label): code for code, label in codes.items()} | {fold(code): code for code in codes}
        for word, count in self.words[one.key].items():
            target = mapped.get(fold(word), same.get(fold(word)))
            name = f"v_{one.key}_{word_key(word)}"
            self.origins[name] = f"{count:,} row{'' if count == 1 else 's'}"
            self.fields[name] = self._word_field(one, word, target)
        self.fields[f"o_{one.key}"] = self._others_field(one, rule)

    def _word_field(self, one: Field, word: str, target: str | None) -> forms.Field:
        if one.kind == Kind.PERSON:
            widget = forms.TextInput(attrs={"list": "people", "placeholder": "Not here", "autocomplete": "off"})
            return forms.CharField(label=word, required=False, initial=target or "", max_length=150, widget=widget)
        blank = [("", "Like all other values")] + ([] if one.required else [(EMPTY, "Leave empty")])
        initial = EMPTY if target == "" else target or ""
        return forms.ChoiceField(
            label=word, required=False, initial=initial, choices=blank + list(self.offered.get(one.key, {}).items())
        )

    def _others_field(self, one: Field, rule: Rule) -> forms.Field:
        label = "All other values"
        if one.kind == Kind.PERSON:
            return forms.ChoiceField(label=label, required=False, choices=[("", "No owner, the name is kept")])
        fixed = [(REFUSE, "Refuse the row, and report it")] + ([] if one.required else [(EMPTY, "Leave empty")])
        initial = REFUSE if rule.others is None else rule.others or EMPTY
        return forms.ChoiceField(
            label=label, required=False, initial=initial, choices=fixed + list(self.offered.get(one.key, {}).items())
        )

    def sections(self) -> Iterator[tuple[str, str, str, list[BelayBoundField], BelayBoundField, bool]]:
        """(field key, heading, purpose, a field a word, the field for all others, whether the words are folded away).

        People are many, and most exports name some that nobody here knows.
        """
        for one in self.mapped:
            fields = [self[f"v_{one.key}_{word_key(word)}"] for word in self.words[one.key]]
            folded = one.kind == Kind.PERSON and len(fields) > FOLDED and not any(field.errors for field in fields)
            purpose = f"Column {self.mapping.rule(one.key).column}"
            yield one.key, one.label, purpose, fields, self[f"o_{one.key}"], folded

    @property
    def people(self) -> list[tuple[str, str]]:
        return list(self.offered.get("owner", {}).items()) if any(one.key == "owner" for one in self.mapped) else []

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        known = {fold(name): user for user, name in self.people} | {fold(user): user for user, _ in self.people}
        for name in [name for name in self.fields if name.startswith("v_owner_")]:
            typed = data.get(name, "")
            if typed and fold(typed) not in known:
                self.add_error(name, "Nobody here has this name. Leave it empty to keep the name in the description.")
            elif typed:
                data[name] = known[fold(typed)]
        return data

    def result(self) -> Mapping:
        """The mapping with the words of this page; words that it did not show keep what they meant."""
        return replace(self.mapping, rules={**self.mapping.rules, **{one.key: self._rule(one) for one in self.mapped}})

    def _rule(self, one: Field) -> Rule:
        old, data = self.mapping.rule(one.key), self.cleaned_data
        shown = {fold(word) for word in self.words[one.key]}
        values = {word: target for word, target in old.values.items() if fold(word) not in shown}
        for word in self.words[one.key]:
            said = data[f"v_{one.key}_{word_key(word)}"]
            if said:
                values[word] = "" if said == EMPTY else said
        others = data[f"o_{one.key}"]
        return replace(old, values=values, others={REFUSE: None, EMPTY: ""}.get(others, others))
