"""Views and where they stand, as JSON values."""

from typing import Any

from pipeline_platform.serving.answers import About, Answer, Answers, Standing
from pipeline_platform.serving.problems import Loading


def listed(answers: Answers) -> dict[str, Any]:
    """All views by name, each with its standing, or `loading`."""
    return {"views": [_brief(answers, name) for name in answers.names()]}


def view(answer: Answer) -> dict[str, Any]:
    """A view with its columns, and its standing by coverage day."""
    about, standing = answer.about, answer.standing
    columns = [
        {
            "name": column.name,
            "type": column.type,
            "nullable": column.nullable,
            "description": column.description,
            "key": column.name in about.keys,
        }
        for column in about.columns
    ]
    days = sorted({*standing.cuts, *standing.late})
    by_day = [
        {"day": d, "batch_cut": standing.cuts.get(d), "late_rows": standing.late.get(d, 0)}
        for d in days
    ]
    return {**_said(about), **stands(standing), "columns": columns, "days": by_day}


def stands(standing: Standing) -> dict[str, Any]:
    """Where a version stands."""
    return {
        "pin": standing.pin,
        "as_of": standing.as_of,
        "batch_cut": standing.batch_cut,
        "late_rows": standing.late_rows,
        "changed_at": standing.changed_at,
    }


def _brief(answers: Answers, name: str) -> dict[str, Any]:
    about = _said(answers.about(name))
    try:
        return {**about, "loading": False, **stands(answers.newest(name).standing)}
    except Loading:
        return {**about, "loading": True}


def _said(about: About) -> dict[str, Any]:
    return {
        "name": about.name,
        "description": about.description,
        "owner": about.owner,
        "keys": about.keys,
        "rows": f"/views/{about.name}/rows",
        "live": f"/live/{about.name}",
    }
