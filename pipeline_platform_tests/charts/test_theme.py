"""Colours are told apart by every eye, and from the background."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from pipeline_platform.charts.theme import theme

# Machado, Oliveira, Fernandes 2009, severity 1, over linear RGB.
EYES = {
    "usual": np.eye(3),
    "protan": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deutan": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "tritan": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(color: str) -> np.ndarray:
    value = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1, 1.0888]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(XYZ[1] @ linear(color)) + 0.05 for color in (one, other))
    return high / low


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("eye", EYES)
def test_series_are_told_apart(dark: bool, eye: str) -> None:
    colors = theme(dark=dark)["range"]["category"]
    seen = [lab(EYES[eye] @ linear(color)) for color in colors]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 25


@pytest.mark.parametrize("dark", [False, True])
def test_marks_and_texts_stand_out(dark: bool) -> None:
    made = theme(dark=dark)
    ground = made["background"]
    assert all(contrast(color, ground) > 2.2 for color in made["range"]["category"])
    assert contrast(made["axis"]["labelColor"], ground) > 4.5
    assert contrast(made["axis"]["titleColor"], ground) > 7


@pytest.mark.parametrize("dark", [False, True])
def test_more_stands_out_more(dark: bool) -> None:
    made = theme(dark=dark)
    steps = [contrast(color, made["background"]) for color in made["range"]["ramp"]]
    assert all(a < b for a, b in pairwise(steps))
