"""The user's expressions over finished groups: keys, measures and attributes."""

from typing import NamedTuple

from pipeline_platform.sql.view_calls import Aggregate, Calls
from pipeline_platform.sql.view_keys import Keys
from pipeline_platform.sql.view_names import Ref, Unit
from pipeline_platform.sql.view_refusals import refused
from pipeline_platform.sql.view_words import Range

GROUPS = "_g"  # the finished groups in the answer: keys k0.., values v0.., levels g0..


class Answer(NamedTuple):
    """A text over GROUPS and dimensions, and the numbers of its measures."""

    text: str
    measures: frozenset[int]


class Answers:
    """Puts keys and measures in the place of the words that mean them."""

    def __init__(self, keys: Keys) -> None:
        self._keys, self._names, self._words = keys, keys.names, keys.words
        self._calls = Calls(keys.words)
        self.measures: list[Aggregate] = []
        self.levels: list[str] = []

    def of(self, span: Range, *, aliases: bool = False, joined: bool = False) -> Answer:
        """A range over finished groups.

        `aliases`: names of the view's own columns are known (HAVING). `joined`: columns of
        dimensions stand for themselves (ON), grouped or not.
        """
        edits: dict[int, tuple[int, str]] = {}
        measures: set[int] = set()
        units = self._names.units(span)
        place = 0
        while place < len(units):
            first = units[place].span.first
            last, text, inner = self._unit(units, place, aliases, joined)
            if text is not None:
                edits[first] = (last, text)
            measures |= inner
            place = next((n for n in range(place + 1, len(units))
                          if units[n].span.first >= last), len(units))  # fmt: skip
        return Answer(self._words.text(span, edits), frozenset(measures))

    def _unit(
        self, units: list[Unit], place: int, aliases: bool, joined: bool
    ) -> tuple[int, str | None, frozenset[int]]:
        """The word after the unit, its text, None as it stands, and its measures."""
        unit = units[place]
        found = self._calls.at(unit.span.first)
        if found is not None:
            number = self._measure(found)
            return found.span.last, f"{GROUPS}.v{number}", frozenset([number])
        if self._words.called(unit.span.first) and unit.plain[1] in ("grouping", "grouping_id"):
            return self._level(unit)
        match = self._keys.matched(units, place)
        if match is not None and not (joined and match.attribute):
            last = units[place + match.length - 1].span.last
            if not match.attribute:
                return last, f"{GROUPS}.k{match.number}", frozenset()
            return last, *self.of(self._keys.attributes[match.number], joined=True)
        if unit.ref is not None:
            return unit.ref.span.last, *self._column(unit.ref, aliases, joined)
        return unit.span.last, None, frozenset()

    def _column(self, ref: Ref, aliases: bool, joined: bool) -> Answer:
        place, name = self._words.offset(ref.span.first), self._words.text(ref.span)
        if ref.owner is not None and not ref.owner.counted:
            if not joined:
                raise refused("attribute_not_grouped", name, self._words.source, place)
            column = self._words.verbatim(ref.span.last - 1)
            return Answer(f"{ref.owner.qualifier}.{column}", frozenset())
        item = self._keys.alias(ref) if aliases else None
        if item is None:
            raise refused("not_a_key", name, self._words.source, place)
        found = self.of(item)
        return found._replace(text=f"({found.text})")

    def _level(self, unit: Unit) -> tuple[int, str, frozenset[int]]:
        """grouping(key) and grouping_id(key, ..): which keys a total is over."""
        call = self._words.call(unit.span.first)
        numbers = [self._keys.number(span) for span in call.arguments]
        if not self._keys.sets or None in numbers or call.filter is not None:
            text, place = self._words.text(call.span), self._words.offset(unit.span.first)
            raise refused("grouping_sets", text, self._words.source, place)
        level = f"{call.name}({', '.join(f'k{number}' for number in numbers)})"
        if level not in self.levels:
            self.levels.append(level)
        return call.span.last, f"{GROUPS}.g{self.levels.index(level)}", frozenset()

    def _measure(self, found: Aggregate) -> int:
        same = [self._same(known, found) for known in self.measures]
        if True in same:
            return same.index(True)
        self.measures.append(found)
        return len(self.measures) - 1

    def _same(self, one: Aggregate, other: Aggregate) -> bool:
        texts = [
            (call.name, *(self._names.text(span) for span in call.arguments),
             self._names.text(call.filter) if call.filter else None,
             call.distinct, call.parameter, call.descending)
            for call in (one, other)
        ]  # fmt: skip
        return texts[0] == texts[1]
