"""The three statements of a view, from its text and the forms of its aggregates."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline_platform.contracts.views import (
    COUNTED,
    PINNED,
    PINNED_DAY,
    ROWS,
    STATES,
    PinnedTable,
    Split,
)
from pipeline_platform.sql.view_statement import GROUPS, ViewStatement, quoted
from pipeline_platform.views import algebra
from pipeline_platform.views.algebra import Form

_LIGHT = ("count(", "sum(", "CAST(sum(", "min(", "max(", "bool_", "bit_", "every(", "some(", "any(")


class _Column(NamedTuple):
    name: str
    partial: str
    merge: str


class Plan:
    """Numbers the arguments, states and distinct values that the forms share."""

    def __init__(self, view: ViewStatement, forms: list[Form]) -> None:
        self.view, self.forms = view, forms
        self.keys = [f"k{number}" for number in range(len(view.keys))]
        self.arguments: list[str] = []
        self.states: list[_Column] = []
        self.values: list[tuple[str, ...]] = []
        self.finals = [self._final(form) for form in forms]

    def split(self) -> Split:
        outputs = self.view.outputs
        return Split(
            keys=tuple(self.keys),
            states=(*self._distincts(), *(state.name for state in self.states)),
            partial=self._partial(),
            merge=self._merge(),
            answer=self._answer(),
            outputs={o.name: self.keys[o.key] for o in outputs if o.key is not None},
            dimensions=tuple(dict.fromkeys(join.table for join in self.view.joins)),
            approximate=tuple(
                o.name for o in outputs if any(self.forms[m].approximate for m in o.measures)
            ),
            pinned=tuple(
                PinnedTable(table, dict(sorted(self.view.used[table].items())), self._token(table))
                for table in self._pinned_tables()
            ),
        )

    def _pinned_tables(self) -> list[str]:
        return list(dict.fromkeys(join.table for join in self.view.pinned))

    def _token(self, table: str) -> str:
        return f"{PINNED}{self._pinned_tables().index(table)}__"

    def _final(self, form: Form) -> str:
        if form == algebra.ROW_COUNT:
            return f"coalesce({COUNTED}, 0)"
        names = [self._argument(text) for text in form.arguments]
        if form.values:
            return form.final.format(d=f"c{self._value(tuple(names))}")
        given = {f"a{n}": name for n, name in enumerate(names)}
        states = [self._state(s.partial.format(**given), s.merge) for s in form.states]
        return form.final.format(**{f"s{n}": name for n, name in enumerate(states)})

    def _argument(self, text: str) -> str:
        if text not in self.arguments:
            self.arguments.append(text)
        return f"a{self.arguments.index(text)}"

    def _state(self, partial: str, merge: str) -> str:
        for state in self.states:
            if state.partial == partial:
                return state.name
        name = f"s{len(self.states)}"
        self.states.append(_Column(name, partial, merge.format(s=name)))
        return name

    def _value(self, names: tuple[str, ...]) -> int:
        if names not in self.values:
            self.values.append(names)
        return self.values.index(names)

    def _distincts(self) -> list[str]:
        return [name for group in self._grouped() for name in group]

    def _grouped(self) -> list[list[str]]:
        """The columns d0.. of each counted set of values."""
        found: list[list[str]] = []
        number = 0
        for names in self.values:
            found.append([f"d{number + place}" for place in range(len(names))])
            number += len(names)
        return found

    def _apart(self) -> bool:
        """Whether values have state rows of their own, beside the one of their group."""
        light = all(s.partial.startswith(_LIGHT) for s in self.states)
        return len(self.values) > 1 or (len(self.values) == 1 and not light)

    def _partial(self) -> str:
        groups = ["_day", *self.keys]
        made = [f"{state.partial} AS {state.name}" for state in self.states]
        counted = f"count(*) AS {COUNTED}"
        if self._apart():
            return self._in_sets(groups, [*made, counted])
        groups += self._distincts()
        columns = _list([*groups, *made, counted])
        return f"SELECT {columns}\nFROM ({self._rows()}) AS _r\nGROUP BY {_list(groups)}"

    def _in_sets(self, groups: list[str], made: list[str]) -> str:
        """One row of states for each group, and one row for each value of it, in one scan."""
        values = self._distincts()
        sets = [groups, *([*groups, *names] for names in self._grouped())]
        alone = " AND ".join(f"grouping({names[0]}) = 1" for names in self._grouped())
        columns = [*groups, *values, *made, f"{alone} AS _alone"]
        by = _list(f"({_list(one)})" for one in sets)
        counted = (
            f"SELECT {_list(columns)}\nFROM ({self._rows()}) AS _r\nGROUP BY GROUPING SETS ({by})"
        )
        kept = [f"CASE WHEN _alone THEN {s.name} END AS {s.name}" for s in self.states]
        kept.append(f"CASE WHEN _alone THEN {COUNTED} ELSE 0 END AS {COUNTED}")
        known = " OR ".join(f"{names[0]} IS NOT NULL" for names in self._grouped())
        columns = [*groups, *values, *kept]
        return f"SELECT {_list(columns)}\nFROM ({counted}) AS _s\nWHERE _alone OR {known}"

    def _rows(self) -> str:
        columns = [f"{self.view.source}._day AS _day"]
        columns += [f"{text} AS k{n}" for n, text in enumerate(self.view.keys)]
        columns += [f"{text} AS a{n}" for n, text in enumerate(self.arguments)]
        where = f"\nWHERE {self.view.where}" if self.view.where else ""
        source = f"{ROWS} AS {self.view.source}{''.join(self._joined_rows())}"
        rows = f"SELECT {_list(columns)}\nFROM {source}{where}"
        if not self.values:
            return rows
        names = [name for group in self.values for name in group]
        values = [f"{a} AS {d}" for a, d in zip(names, self._distincts(), strict=True)]
        return f"SELECT *, {_list(values)}\nFROM ({rows}) AS _u"

    def _joined_rows(self) -> Iterator[str]:
        """Each pinned dimension as the statement joins it, on the row's day."""
        for join in self.view.pinned:
            day = f"{join.qualifier}.{PINNED_DAY} = {self.view.source}._day"
            joined = f"{self._token(join.table)} AS {join.qualifier}"
            yield f"\n{join.kind} {joined} ON ({join.condition}) AND {day}"

    def _merge(self) -> str:
        return self._merged(["_day", *self.keys, *self._distincts()], STATES)

    def _merged(self, groups: list[str], source: str) -> str:
        columns = [*groups, *(f"{state.merge} AS {state.name}" for state in self.states)]
        columns.append(f"sum({COUNTED}) AS {COUNTED}")
        by = f"\nGROUP BY {_list(groups)}" if groups else ""
        return f"SELECT {_list(columns)}\nFROM {source}{by}"

    def _groups(self) -> str:
        """States merged over all days, one row for each group and each total."""
        values = self._distincts()
        if not values and not self.view.sets:
            return self._merged(self.keys, STATES)
        source = f"({self._merged([*self.keys, *values], STATES)}) AS _d" if values else STATES
        columns = [*self.keys, *(f"{state.merge} AS {state.name}" for state in self.states)]
        columns += [self._counted(group, n) for n, group in enumerate(self._grouped())]
        columns += [f"{level} AS g{n}" for n, level in enumerate(self.view.levels)]
        columns.append(f"sum({COUNTED}) AS {COUNTED}")
        by = self.view.sets or _list(self.keys)
        return f"SELECT {_list(columns)}\nFROM {source}" + (f"\nGROUP BY {by}" if by else "")

    def _counted(self, values: list[str], number: int) -> str:
        """A value has one row in its group; in a total it may have several."""
        counted = f"DISTINCT {_list(values)}" if self.view.sets else values[0]
        return f"count({counted}) AS c{number}"

    def _answer(self) -> str:
        finals = [*self.keys, *(f"{final} AS v{n}" for n, final in enumerate(self.finals))]
        finals += [f"g{n}" for n in range(len(self.view.levels))]
        groups = f"SELECT {_list(finals)}\nFROM ({self._groups()}) AS _m"
        outputs = [f"{output.text} AS {quoted(output.name)}" for output in self.view.outputs]
        joins = "".join(f"\n{join.text} ON {join.condition}" for join in self.view.joins)
        having = f"\nWHERE {self.view.having}" if self.view.having else ""
        return f"SELECT {_list(outputs)}\nFROM ({groups}) AS {GROUPS}{joins}{having}"


def _list(columns: Iterable[str]) -> str:
    return ", ".join(columns)
