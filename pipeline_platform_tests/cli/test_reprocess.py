"""`reprocess` as people call it: a changed contract, the stream's view, and what is told."""

from pathlib import Path

import pytest

from pipeline_platform_tests.components.shop import call, copy_shop, land_order

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
VIEW = """\
type: pipeline_platform.components.View
attributes:
  description: Orders by product.
  owner: team:shop
"""
SQL = """\
SELECT product, count(*) AS orders, sum(amount) AS amount
FROM serving.orders GROUP BY product
"""


def test_a_changed_contract_is_rebuilt_and_the_view_follows(tmp_path: Path) -> None:
    project, home = copy_shop(tmp_path), tmp_path / "home"

    def run(*arguments: str, status: int = 0) -> str:
        done = call(project, home, "pipeline-platform", *arguments)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "admit orders" in run("reprocess", "orders", "--yes", status=1)
    land_order(home, "a", "2024-01-02")
    land_order(home, "b", "2024-01-03")
    run("admit", "orders")
    declared = project / "shop/defs/sales/orders/defs.yaml"
    declared.write_text(declared.read_text().replace("decimal(10,2)", "decimal(12,3)"))
    folder = project / "shop/defs/sales/by_product"
    folder.mkdir()
    (folder / "defs.yaml").write_text(VIEW)
    (folder / "view.sql").write_text(SQL)
    assert "`pipeline-platform reprocess orders`" in run("admit", "orders", status=1)
    asked = run("reprocess", "orders", status=130)
    assert "1 epochs, 2 objects" in asked and "was decimal(10,2), is decimal(12,3)" in asked
    assert "generation 1, to epoch 0" in run("reprocess", "orders", "--yes")
    land_order(home, "c", "2024-01-03")
    run("admit", "orders")
    assert "exactly what raw gives" in run("verify", "orders")
    answer = run("query", "SELECT orders, amount FROM serving.by_product", "--format", "csv")
    assert answer.splitlines()[1] == "2,19.000"
