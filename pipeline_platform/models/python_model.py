"""Python models: the function in a module that stands beside its YAML."""

from collections.abc import Callable
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_platform.errors import DeclarationError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    ModelFunction = Callable[
        [SparkSession, dict[str, DataFrame], date | None, date | None], DataFrame
    ]

FUNCTION = "model"
_REMEDY = "define model(spark, inputs, start, end) and return a DataFrame"


def load_function(path: str) -> "ModelFunction":
    """The function `model` of the module at `path`, loaded anew.

    The module stays out of `sys.modules`, so that user-defined functions are shipped by
    value. DeclarationError: no such file, no such function, or a syntax error.
    """
    if not Path(path).is_file():
        raise DeclarationError(
            "there is no such module", where=path, known="a Python model names one", remedy=_REMEDY
        )
    spec = spec_from_file_location(f"python_model_{Path(path).stem}", path)
    if spec is None or spec.loader is None:
        raise DeclarationError(
            "this is no Python module", where=path, known="its name ends in .py", remedy=_REMEDY
        )
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise DeclarationError(
            f"syntax error: {error.msg}",
            where=f"{path}:{error.lineno}:{error.offset}",
            known=(error.text or "").strip(),
            remedy="mend the module",
        ) from None
    found = getattr(module, FUNCTION, None)
    if not callable(found):
        names = [name for name in vars(module) if not name.startswith("_")]
        raise DeclarationError(
            f"the module defines no function {FUNCTION!r}",
            where=path,
            known=", ".join(names) or "an empty module",
            remedy=_REMEDY,
        )
    return found  # type: ignore[no-any-return]


def check_frame(frame: Any, path: str) -> "DataFrame":
    """`frame` itself; DeclarationError unless the function gave a DataFrame."""
    from pyspark.sql import DataFrame

    if not isinstance(frame, DataFrame):
        raise DeclarationError(
            f"{FUNCTION} gave {type(frame).__name__}, not a DataFrame",
            where=path,
            known="a Python model returns a PySpark DataFrame",
            remedy=_REMEDY,
        )
    return frame
