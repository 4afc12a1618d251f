"""The relations of FROM: tables, CTEs, subqueries, joins, values, laterals."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlglot import exp

from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql import types
from pipeline_platform.sql.inference import Inference
from pipeline_platform.sql.parsing import Source, parts
from pipeline_platform.sql.scope import Field, Relation, Scope, merge
from pipeline_platform.sql.tables import table_name
from pipeline_platform.sql.types import Type

Ctes = Mapping[str, Sequence[Field]]
Query = Callable[[exp.Expr, Ctes, Scope | None], list[Field]]


class Catalog(Protocol):
    """Columns by `layer.table`."""

    tables: Mapping[str, Any]

    def __getitem__(self, name: str, /) -> Sequence[Field]: ...


class Relations:
    """Reads the FROM clause of one SELECT."""

    def __init__(self, source: Source, catalog: Catalog, infer: Inference, query: Query) -> None:
        self._source, self._catalog, self._infer, self._query = source, catalog, infer, query

    def of_select(self, node: exp.Expr, scope: Scope) -> Scope:
        """The scope of the SELECT's expressions; `scope` holds what surrounds it."""
        from_ = node.args.get("from_")
        if from_ is not None:
            scope = self._item(from_.this, scope)
        for join in node.args.get("joins") or ():
            scope = self._join(join, scope)
        for lateral in node.args.get("laterals") or ():
            scope = scope.extended([self._lateral(lateral, scope)])
        return scope

    def _item(self, node: exp.Expr, scope: Scope) -> Scope:
        """`scope` extended by one item of FROM with the joins attached to it."""
        inner = node.this if isinstance(node, exp.Subquery | exp.Paren) else None
        if isinstance(inner, exp.Table | exp.Paren) and not node.args.get("alias"):
            return self._item(inner, scope)
        scope = scope.extended([self._relation(node, scope)])
        for join in node.args.get("joins") or ():
            scope = self._join(join, scope)
        return scope

    def _relation(self, node: exp.Expr, scope: Scope) -> Relation:
        if isinstance(node, exp.Table):
            return self._table(node, scope)
        if isinstance(node, exp.Lateral):
            return self._lateral(node, scope)
        if isinstance(node, exp.Values):
            return self.values(node, scope)
        if isinstance(node, exp.Subquery):
            # A plain subquery of FROM sees what surrounds the SELECT, not its neighbours.
            fields = self._query(node, scope.ctes, scope.outer)
            return self._named(fields, node.args.get("alias"))
        raise self._unshared(node.key.upper(), node)

    def _table(self, node: exp.Table, scope: Scope) -> Relation:
        for name in ("pivots", "sample", "version", "when", "ordinality"):
            if node.args.get(name):
                raise self._unshared(name.rstrip("s").upper(), node)
        if not isinstance(node.this, exp.Identifier):
            return self._function(node.this, node.args.get("alias"), scope)
        words = [part.name.lower() for part in parts(node)]
        if len(words) == 1 and words[0] in scope.ctes:
            fields = scope.ctes[words[0]]
        else:
            fields = self._known(node, table_name(node), scope)
        alias = node.args.get("alias")
        if alias is not None and alias.this is not None:
            return self._named(fields, alias)
        return Relation((tuple(words), (words[-1],)) if len(words) > 1 else ((words[0],),), fields)

    def _known(self, node: exp.Table, name: str, scope: Scope) -> Sequence[Field]:
        if name not in self._catalog.tables:
            known = {*self._catalog.tables, *(scope.ctes if "." not in name else ())}
            raise UnknownName("table", name, known, where=self._source.where(node))
        return self._catalog[name]

    def _join(self, node: exp.Join, scope: Scope) -> Scope:
        if node.args.get("method"):
            raise self._unshared(f"{node.method} JOIN", node)
        joined = self._item(node.this, scope)
        using = node.args.get("using") or ()
        if using:
            joined = self._using(node, using, scope, joined)
        if node.args.get("on") is not None:
            self._infer.of(node.args["on"], joined)
        return scope if node.kind in ("SEMI", "ANTI") else joined

    def _using(
        self, node: exp.Join, using: Sequence[exp.Expr], left: Scope, joined: Scope
    ) -> Scope:
        right = Scope(self._source, joined.relations[len(left.relations) :], None, left.ctes)
        alone = Scope(self._source, left.relations, None, left.ctes)
        fields, names = [], frozenset(word.name.lower() for word in using)
        for word in using:
            name = word if isinstance(word, exp.Identifier) else word.this
            fields.append(_merged(node.side, alone.resolve([name]), right.resolve([name])))
        rest = [
            relation._replace(
                fields=[f for f in relation.fields if (f.name or "").lower() not in names],
                merged=relation.merged | names,
            )
            for relation in joined.relations
        ]
        return Scope(self._source, (Relation((), fields), *rest), joined.outer, joined.ctes)

    def _lateral(self, node: exp.Lateral, scope: Scope) -> Relation:
        if isinstance(node.this, exp.Subquery):
            fields = self._query(node.this, scope.ctes, scope)
            return self._named(fields, node.args.get("alias"))
        return self._function(node.this, node.args.get("alias"), scope)

    def _function(self, node: exp.Expr, alias: exp.Expr | None, scope: Scope) -> Relation:
        """A table function: `range`, or a generator whose columns the alias names."""
        name = node.name.lower() if isinstance(node, exp.Anonymous) else node.key
        found = self._infer.of(node, scope)
        if name == "range":
            return self._named([Field("id", types.BIGINT, ())], alias)
        names = list(alias.args.get("columns") or ()) if alias is not None else []
        if not names:
            raise self._source.error(
                f"the columns of {name} have no names",
                node,
                known="engines name them differently",
                remedy=f"name them: {name}(...) AS t(a)",
            )
        kinds = self.generated(node, scope, len(names))
        fields = [
            Field(word.name, kind, found.sources, word)
            for word, kind in zip(names, kinds, strict=True)
        ]
        return Relation(((alias.name.lower(),),) if alias is not None else (), fields)

    def generated(self, node: exp.Expr, scope: Scope, count: int) -> list[Type]:
        """The types of the `count` columns that a generator gives."""
        name = node.name.lower() if isinstance(node, exp.Anonymous) else node.key
        given = self._infer.all(node.expressions or [node.this], scope) if name else []
        inner = types.element(given[0].type) if given else None
        if name.startswith("explode") and count == 1:
            return [inner]
        if name.startswith("posexplode") and count == 2:
            return [types.INT, inner]
        if name.startswith("inline") and inner is not None and len(inner.fields) == count:
            return [kind for _, kind in inner.fields]
        return [None] * count

    def values(self, node: exp.Values, scope: Scope) -> Relation:
        """An inline table; its columns are col1, col2, ... unless the alias names them."""
        rows = [
            row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions
        ]
        kinds = [[self._infer.of(cell, scope).type for cell in row] for row in rows]
        fields = [
            Field(f"col{n + 1}", types.widest([row[n] for row in kinds if n < len(row)]), (), node)
            for n in range(len(rows[0]))
        ]
        return self._named(fields, node.args.get("alias"))

    def _named(self, fields: Sequence[Field], alias: exp.Expr | None) -> Relation:
        if alias is None or alias.this is None:
            return Relation((), fields)
        return Relation(((alias.name.lower(),),), self.renamed(fields, alias))

    def renamed(self, fields: Sequence[Field], alias: exp.Expr) -> Sequence[Field]:
        """`fields` under the names that `AS t(a, b)` gives, if it gives any."""
        names = alias.args.get("columns") or ()
        if names and len(names) != len(fields):
            raise self._source.error(
                f"{len(names)} names for {len(fields)} columns",
                alias,
                known=", ".join(field.name or "?" for field in fields),
                remedy="name every column, or none",
            )
        if not names:
            return fields
        return [f._replace(name=n.name, node=n) for f, n in zip(fields, names, strict=True)]

    def _unshared(self, what: str, node: exp.Expr) -> DeclarationError:
        return self._source.error(
            f"{what} in FROM is not shared by all engines",
            node,
            known="understood: tables, subqueries, VALUES, LATERAL, JOIN with ON or USING",
            remedy="say the same with those",
        )


def _merged(side: str, left: Field, right: Field) -> Field:
    kind: Type = left.type if left.type == right.type else None
    if side == "FULL":
        return left._replace(type=kind, sources=merge([left.sources, right.sources]))
    kept = right if side == "RIGHT" else left
    return kept._replace(type=kind)
