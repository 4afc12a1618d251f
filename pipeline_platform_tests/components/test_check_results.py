"""Rows that Dagster shows."""

from pipeline_platform.components.check_results import markdown


def test_personal_columns_are_hidden() -> None:
    shown = markdown([{"id": 1, "email": "a@b.example"}], {"email"})
    assert shown.splitlines()[-1] == "| 1 | (personal) |"
    assert "a@b.example" not in shown


def test_cells_do_not_break_the_table() -> None:
    assert markdown([{"x": "a|b\nc", "y": None}]).splitlines()[-1] == "| a\\|b c |  |"


def test_no_rows_make_no_table() -> None:
    assert markdown([]) == ""
