"""The columns of a query, through CTEs, subqueries, joins, unions and stars."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlglot import exp

from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql.inference import Inference
from pipeline_platform.sql.parsing import Source, parts
from pipeline_platform.sql.relations import Catalog, Ctes, Relations
from pipeline_platform.sql.scope import Field, Relation, Scope, merge, same

_CLAUSES = frozenset(
    {"with_", "expressions", "from_", "joins", "laterals", "where", "group", "having", "order"}
    | {"limit", "offset", "distinct", "windows", "hint", "kind"}
)
_SHARED = "SELECT, FROM, JOIN, LATERAL VIEW, WHERE, GROUP BY, HAVING, WINDOW, ORDER BY, LIMIT"


class Queries:
    """Reads one statement; `catalog` gives the columns of `layer.table`."""

    def __init__(self, source: Source, catalog: Catalog) -> None:
        self._source = source
        self._infer = Inference(lambda node, scope: self.query(node, scope.ctes, scope))
        self._relations = Relations(source, catalog, self._infer, self.query)

    def query(
        self,
        node: exp.Expr,
        ctes: Mapping[str, Sequence[Field]] | None = None,
        outer: Scope | None = None,
    ) -> list[Field]:
        """The columns that the query gives."""
        ctes = self._with(node, dict(ctes or {}), outer)
        if isinstance(node, exp.Subquery):
            fields = self.query(node.this, ctes, outer)
            self._order(node, Scope(self._source, (), outer, ctes), fields)
            return fields
        if isinstance(node, exp.SetOperation):
            return self._union(node, ctes, outer)
        if isinstance(node, exp.Values):
            return list(self._relations.values(node, Scope(self._source, (), outer, ctes)).fields)
        return self._select(node, ctes, outer)

    def _with(self, node: exp.Expr, ctes: Ctes, outer: Scope | None) -> Ctes:
        with_ = node.args.get("with_")
        if with_ is None:
            return ctes
        if with_.args.get("recursive"):
            raise self._unshared("WITH RECURSIVE", with_)
        for cte in with_.expressions:
            fields = self.query(cte.this, ctes, outer)
            ctes = {**ctes, cte.alias.lower(): self._relations.renamed(fields, cte.args["alias"])}
        return ctes

    def _select(self, node: exp.Expr, ctes: Ctes, outer: Scope | None) -> list[Field]:
        self._check_clauses(node)
        scope = self._relations.of_select(node, Scope(self._source, (), outer, ctes))
        fields: list[Field] = []
        for item in node.expressions:
            fields += self._projected(item, scope, fields)
        for clause in ("where", "windows"):
            self._infer.all(_listed(node, clause), scope)
        extended = _with_outputs(scope, fields)
        for clause in ("group", "having"):
            self._infer.all(_listed(node, clause), extended)
        self._order(node, scope, fields)
        return fields

    def _check_clauses(self, node: exp.Expr) -> None:
        if not isinstance(node, exp.Select):
            raise self._unshared(node.key.upper(), node)
        for name, value in node.args.items():
            if value and name not in _CLAUSES:
                place = value if isinstance(value, exp.Expr) else node
                raise self._unshared(name.rstrip("_").replace("_", " ").upper(), place)

    def _projected(self, item: exp.Expr, scope: Scope, before: Sequence[Field]) -> list[Field]:
        try:
            return list(self._projection(item, scope))
        except UnknownName as error:
            if error.kind != "column" or not any(same(f.name, error.name) for f in before):
                raise
            raise DeclarationError(
                f"column {error.name!r} is only named in this SELECT itself",
                where=error.where,
                known="not every engine reads an alias of the same SELECT",
                remedy="repeat the expression, or name it in a subquery or WITH",
            ) from None

    def _projection(self, node: exp.Expr, scope: Scope) -> Iterator[Field]:
        if node.is_star and isinstance(node, exp.Star | exp.Column):
            yield from self._star(node, scope)
            return
        if isinstance(node, exp.Aliases):
            sources = self._infer.of(node.this, scope).sources
            names = [word.name for word in node.args["expressions"]]
            kinds = self._relations.generated(node.this, scope, len(names))
            for name, kind in zip(names, kinds, strict=True):
                yield Field(name, kind, sources, node)
            return
        found = self._infer.of(node, scope)
        yield Field(_output_name(node), found.type, found.sources, node)

    def _star(self, node: exp.Expr, scope: Scope) -> Iterator[Field]:
        star = node.this if isinstance(node, exp.Column) else node
        if any(star.args.values()):
            raise self._unshared("* with EXCEPT, REPLACE or RENAME", node)
        if isinstance(node, exp.Star):
            yield from (field._replace(node=field.node) for field in scope.fields())
            return
        qualifier = list(parts(node))
        found = scope.qualified([word.name.lower() for word in qualifier])
        if not found:
            known = [".".join(q) for r in scope.relations for q in r.qualifiers[-1:]]
            raise UnknownName(
                "qualifier",
                ".".join(w.name for w in qualifier),
                known,
                where=self._source.where(node),
            )
        if found[0].merged:
            raise self._unshared(f"{qualifier[0].name}.* after USING", node)
        yield from found[0].fields

    def _union(self, node: exp.SetOperation, ctes: Ctes, outer: Scope | None) -> list[Field]:
        if node.args.get("by_name"):
            raise self._unshared("BY NAME", node)
        left = self.query(node.this, ctes, outer)
        right = self.query(node.expression, ctes, outer)
        if len(left) != len(right):
            raise self._source.error(
                f"the sides of {node.key.upper()} have {len(left)} and {len(right)} columns",
                node,
                known=f"{_names(left)} against {_names(right)}",
                remedy="give both sides the same columns in the same order",
            )
        fields = [
            Field(
                one.name,
                one.type if one.type == two.type else None,
                merge([one.sources, two.sources]),
                one.node,
            )
            for one, two in zip(left, right, strict=True)
        ]
        self._order(node, Scope(self._source, (), outer, ctes), fields)
        return fields

    def _order(self, node: exp.Expr, scope: Scope, fields: Sequence[Field]) -> None:
        """ORDER BY sees the answer's columns first; LIMIT and OFFSET see constants."""
        extended = _with_outputs(scope, fields)
        output = Scope(self._source, (Relation(((),), _once(fields)),), None, scope.ctes)
        for ordered in _listed(node, "order"):
            for column in ordered.find_all(exp.Column):
                words = [part.name.lower() for part in parts(column)]
                if not (len(words) == 1 and output.find(words)):
                    self._infer.of(column, extended)
            if any(ordered.find_all(exp.Query)):
                self._infer.of(ordered, extended)

    def _unshared(self, what: str, node: exp.Expr) -> Exception:
        return self._source.error(
            f"{what} is not shared by all engines",
            node,
            known=f"understood: {_SHARED}, WITH, UNION, INTERSECT, EXCEPT",
            remedy="say the same with those",
        )


def _listed(node: exp.Expr, clause: str) -> list[exp.Expr]:
    value = node.args.get(clause)
    if value is None:
        return []
    if isinstance(value, list):
        return value
    return list(value.expressions) if isinstance(value, exp.Order) else [value]


def _with_outputs(scope: Scope, fields: Iterable[Field]) -> Scope:
    """`scope` in which the names of the answer count where no column has that name."""
    inner = {(f.name or "").lower() for f in scope.fields()}
    extra = [f for f in _once(fields) if f.name and f.name.lower() not in inner]
    return Scope(scope.source, (*scope.relations, Relation((), extra)), scope.outer, scope.ctes)


def _once(fields: Iterable[Field]) -> list[Field]:
    return list({(field.name or "").lower(): field for field in fields if field.name}.values())


def _output_name(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Alias):
        return node.alias
    if isinstance(node, exp.Column):
        return node.name
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        return str(node.expression.name)
    return None


def _names(fields: Iterable[Field]) -> str:
    return ", ".join(field.name or "?" for field in fields)
