"""What a name can mean at a place in a query."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlglot import exp

from pipeline_platform.contracts.types import DataType
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql.parsing import Source
from pipeline_platform.sql.types import Type


class Field(NamedTuple):
    """A column of a relation; `name` is None where an expression has no alias.

    `sources` are `layer.table.column`; `node` is where its definition stands.
    """

    name: str | None
    type: Type
    sources: tuple[str, ...]
    node: exp.Expr | None = None


class Relation(NamedTuple):
    """Something in FROM: the qualifiers that name it (lower case) and its columns.

    Columns in `merged` went into those of a USING and are not among `fields`.
    """

    qualifiers: tuple[tuple[str, ...], ...]
    fields: Sequence[Field]
    merged: frozenset[str] = frozenset()


class Scope:
    """The relations of one SELECT and of those around it."""

    def __init__(
        self,
        source: Source,
        relations: Sequence[Relation],
        outer: "Scope | None",
        ctes: Mapping[str, Sequence[Field]],
    ) -> None:
        self.source, self.relations, self.outer, self.ctes = source, relations, outer, ctes

    def extended(self, relations: Iterable[Relation]) -> "Scope":
        """This scope with more relations."""
        return Scope(self.source, (*self.relations, *relations), self.outer, self.ctes)

    def resolve(self, names: Sequence[exp.Identifier]) -> Field:
        """The column, or struct field of a column, that the dotted name means.

        UnknownName or DeclarationError (ambiguous), at the token.
        """
        scope: Scope | None = self
        while scope is not None:
            found = scope.find([name.name.lower() for name in names])
            if len(found) > 1:
                raise self._ambiguous(names, found)
            if found:
                field, used = found[0]
                return self._inside(field, names[used:])
            scope = scope.outer
        raise self._unknown(names)

    def find(self, words: Sequence[str]) -> list[tuple[Field, int]]:
        """Candidates with the number of words each uses; longer qualifiers win."""
        for length in (2, 1, 0):
            found = [
                (field, length + 1)
                for relation in self.relations
                for qualifier in (relation.qualifiers if length else ((),))
                if len(qualifier) == length < len(words) and tuple(words[:length]) == qualifier
                for field in relation.fields
                if same(field.name, words[length])
            ]
            if found:
                return found
        return []

    def fields(self) -> list[Field]:
        """The columns of every relation of this SELECT, in order."""
        return [field for relation in self.relations for field in relation.fields]

    def qualified(self, words: Sequence[str]) -> list[Relation]:
        """The relations that `words` name."""
        return [r for r in self.relations if tuple(words) in r.qualifiers]

    def _inside(self, field: Field, names: Sequence[exp.Identifier]) -> Field:
        kind = field.type
        for name in names:
            kind = self.member(kind, name)
        return Field(names[-1].name, kind, field.sources) if names else field

    def member(self, kind: Type, name: exp.Identifier) -> Type:
        """The type of a struct's field; of each one's where `kind` is an array of structs."""
        if kind is None:
            return None
        if kind.name == "array" and kind.element is not None:
            inner = self.member(kind.element, name)
            return None if inner is None else DataType("array", element=inner)
        for label, inner in kind.fields:
            if label.lower() == name.name.lower():
                return inner
        if kind.name == "struct":
            fields = [label for label, _ in kind.fields]
            raise UnknownName("field", name.name, fields, where=self.source.where(name))
        raise DeclarationError(
            f"{name.name!r} is looked for inside a value of type {kind}",
            where=self.source.where(name),
            known="a struct has fields; other types have none",
            remedy="name the column alone, or qualify it with a table or alias of FROM",
        )

    def _ambiguous(
        self, names: Sequence[exp.Identifier], found: Iterable[tuple[Field, int]]
    ) -> DeclarationError:
        qualifiers = [
            ".".join(relation.qualifiers[-1])
            for relation in self.relations
            if relation.qualifiers
            and any(field is candidate for candidate, _ in found for field in relation.fields)
        ]
        column = ".".join(name.name for name in names)
        return DeclarationError(
            f"column {column!r} is ambiguous",
            where=self.source.where(names[0]),
            known="it is in " + ", ".join(qualifiers) if qualifiers else "two columns of that name",
            remedy=f"write {qualifiers[0]}.{names[-1].name}"
            if qualifiers
            else "rename one of them",
        )

    def _unknown(self, names: Sequence[exp.Identifier]) -> UnknownName | DeclarationError:
        words = [name.name.lower() for name in names]
        for length in (2, 1):
            for relation in self.qualified(words[:length]) if len(words) > length else ():
                if words[length] in relation.merged:
                    return self._merged(names[length])
                return self._missing(names[length], relation.fields)
        if len(names) > 1:
            known = {".".join(q) for r in self.visible() for q in r.qualifiers[-1:]}
            return UnknownName("qualifier", names[0].name, known, where=self.source.where(names[0]))
        return self._missing(names[0], [f for r in self.visible() for f in r.fields])

    def visible(self) -> list[Relation]:
        """The relations of this SELECT and of those around it."""
        return [*self.relations, *(self.outer.visible() if self.outer else ())]

    def _missing(self, name: exp.Identifier, fields: Iterable[Field]) -> UnknownName:
        known = {field.name for field in fields if field.name}
        return UnknownName("column", name.name, known, where=self.source.where(name))

    def _merged(self, name: exp.Identifier) -> DeclarationError:
        return DeclarationError(
            f"column {name.name!r} was merged by USING and has no table any more",
            where=self.source.where(name),
            known="engines differ in whether the two original columns stay visible",
            remedy=f"write {name.name} without a qualifier, or join with ON",
        )


def same(left: str | None, right: str) -> bool:
    """Whether two names are one to Spark, which ignores case."""
    return left is not None and left.lower() == right.lower()


def merge(sources: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Every source once, in the order of first mention."""
    return tuple(dict.fromkeys(name for group in sources for name in group))
