"""OpenAPI 3.1 of the views that answer now."""

from collections.abc import Sequence
from typing import Any

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.serving.answers import About
from pipeline_platform.serving.asked import EXAMPLES, MOST_VALUES, Parameter, parameters
from pipeline_platform.serving.guard import Limits

_SCHEMAS: dict[str, dict[str, Any]] = {
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "decimal": {"type": "string", "format": "decimal"},
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "float": {"type": ["number", "null"], "description": "null for NaN and infinities"},
    "double": {"type": ["number", "null"], "description": "null for NaN and infinities"},
}
_FORMS = {
    "is": f"Rows whose key equals this; repeat for up to {MOST_VALUES} values.",
    "prefix": "Rows whose key starts with this.",
    "from": "Rows at this or later.",
    "to": "Rows before this.",
    "null": "true: rows whose key is NULL; false: rows whose key is not.",
}


def specification(views: Sequence[About], limits: Limits) -> dict[str, Any]:
    """The document: a path per view, a parameter per key and question, a schema per view."""
    paths: dict[str, Any] = {
        "/health": {"get": _simple("Whether the lake answers.", "Ready.", public=True)},
        "/views": {"get": _simple("All views and where they stand.", "The views.")},
    }
    for about in views:
        paths[f"/views/{about.name}"] = {"get": _standing(about)}
        paths[f"/views/{about.name}/rows"] = {"get": _rows(about, limits)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Views",
            "version": "1",
            "description": "Merged answers of batch and real time, each as of one epoch.",
        },
        "paths": paths,
        "security": [{}, {"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _PROBLEM, **{about.name: _row(about) for about in views}},
        },
    }


def _simple(summary: str, done: str, *, public: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"summary": summary, "responses": _responses(done, {"type": "object"})}
    return {**found, "security": [{}]} if public else found


def _standing(about: About) -> dict[str, Any]:
    operation = _simple(f"Columns of {about.name} and where it stands.", "The view.")
    return {**operation, "operationId": f"standing_{about.name}"}


def _rows(about: About, limits: Limits) -> dict[str, Any]:
    body = {
        "type": "object",
        "required": ["view", "pin", "as_of", "rows", "after"],
        "properties": {
            "view": {"const": about.name},
            "pin": {"type": "string"},
            "as_of": {"type": "integer"},
            "rows": {"type": "array", "items": {"$ref": f"#/components/schemas/{about.name}"}},
            "after": {"type": ["string", "null"]},
        },
    }
    asked = [_parameter(one) for one in parameters(about.columns, about.keys)]
    return {
        "operationId": f"rows_{about.name}",
        "summary": about.description or f"Rows of {about.name}.",
        "parameters": [*asked, _limit(limits), _AFTER],
        "responses": {
            **_responses("A page of rows, in the order of the keys.", body),
            "304": {"description": "Nothing changed since the ETag in If-None-Match."},
            "410": _problem("The version of the page walk is no longer held."),
        },
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    kind = one.type.name
    schema = {"type": "boolean"} if one.form == "null" else _schema(one.column.type)
    if kind in INTEGERS and one.form != "null":
        schema = {"type": "integer"}
    found: dict[str, Any] = {
        "name": one.name,
        "in": "query",
        "description": _FORMS[one.form],
        "schema": schema,
    }
    if one.form == "is":
        found["schema"] = {"type": "array", "items": schema, "maxItems": MOST_VALUES}
        found |= {"style": "form", "explode": True}
    elif one.form in ("from", "to"):
        found["example"] = EXAMPLES[kind]
    return found


def _limit(limits: Limits) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": limits.rows, "default": limits.page}
    return {"name": "limit", "in": "query", "description": "Rows of a page.", "schema": schema}


_AFTER = {
    "name": "after",
    "in": "query",
    "description": "What the page before gave; all pages of a walk are of one version.",
    "schema": {"type": "string"},
}
_PROBLEM = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "required": ["status", "what", "where", "known", "remedy"],
            "properties": {
                "status": {"type": "integer"},
                **{part: {"type": "string"} for part in ("what", "where", "known", "remedy")},
            },
        }
    },
}


def _row(about: About) -> dict[str, Any]:
    properties = {column.name: _column(column) for column in about.columns}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _column(column: TableColumn) -> dict[str, Any]:
    schema = _schema(column.type)
    found = schema if not column.nullable else {"anyOf": [schema, {"type": "null"}]}
    return {**found, "description": column.description} if column.description else found


def _schema(text: str) -> dict[str, Any]:
    return _schema_of(DataType.parse(text))


def _schema_of(kind: DataType) -> dict[str, Any]:
    if kind.name == "bigint":
        return {"type": ["integer", "string"], "description": "text beyond 2^53"}
    if kind.name in INTEGERS:
        return {"type": "integer"}
    if kind.name == "array" and kind.element:
        return {"type": "array", "items": _schema_of(kind.element)}
    if kind.name == "struct":
        return {"type": "object", "properties": {n: _schema_of(t) for n, t in kind.fields}}
    return dict(_SCHEMAS[kind.name])


def _responses(done: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "200": {"description": done, "content": {"application/json": {"schema": schema}}},
        "400": _problem("A parameter is wrong."),
        "401": _problem("The token is missing or wrong."),
        "404": _problem("There is no such view."),
        "503": _problem("Too busy, still loading, or too slow; Retry-After says when to return."),
    }


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
