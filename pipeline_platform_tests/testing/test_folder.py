"""Folders read without Dagster: what they declare, and what is wrong in them."""

import re
from pathlib import Path

import pytest

from pipeline_platform.declarations.folder import defs_above, read, read_below
from pipeline_platform.errors import DeclarationError
from pipeline_platform_tests.testing.places import AVIATION, SHOP

WRONG = [
    ("a: [", "defs.yaml:1:5: this is no YAML"),
    (
        "type: pipeline_platform.components.Modell",
        "did you mean 'pipeline_platform.components.Model'?",
    ),
    ("type: their.Model", "unknown kind of component 'their.Model'"),
    ("- 1", "unknown kind of component ''"),
    ("type: pipeline_platform.components.Model", "`description` is missing"),
    (
        "type: pipeline_platform.components.Model\nattributes:\n  layr: mart",
        "orders/defs.yaml:3:3: unknown key 'layr'",
    ),
    (
        "type: pipeline_platform.components.Model\nattributes: {layer: 7}",
        "orders/defs.yaml:2:14: `layer`:",
    ),
]


@pytest.mark.parametrize(("yaml", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, yaml: str, said: str) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "defs.yaml").write_text(yaml)
    with pytest.raises(DeclarationError, match=re.escape(said)):
        read(tmp_path / "orders", tmp_path)


def test_a_folder_may_declare_several_things() -> None:
    (part,) = read(SHOP / "orders")
    assert (part.name, part.place.folder) == ("orders", SHOP / "orders")


def test_all_below_in_the_order_of_folders() -> None:
    names = [part.name for part in read_below(SHOP)]
    assert names == ["buyers", "daily_sales", "orders", "products", "vienna_day", "visits"]
    assert {part.name for part in read_below(AVIATION.parent)} >= {"flights", "fact_flight"}


def test_the_nearest_defs_above(tmp_path: Path) -> None:
    assert defs_above(SHOP / "orders") == SHOP.parent
    assert defs_above(tmp_path / "orders") is None
    assert defs_above(tmp_path / "defs/a/defs/b/c") == tmp_path / "defs/a/defs"
