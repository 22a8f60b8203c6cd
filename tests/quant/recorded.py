"""Pair series of the recordings -> closes of their legs."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np

from oddlot.contracts.messages import Float64s

SERIES = {
    "ANZ-ADB": ("ANZ-ADB.csv", "ANZ", "ADB"),
    "XLF-XLK": ("XLF-XLK.csv", "XLF", "XLK"),
    "GDX-GLD": ("gld_gdx_data.csv", "GDX", "GLD"),
    "EEM-EWG": ("etf_prices.csv.gz", "EEM", "EWG"),
    "btc-eth": ("aligned_20240808_1s.csv.gz", "btc", "eth"),
}


def closes(real_data: Path, name: str) -> tuple[Float64s, Float64s]:
    """Give the closes of y and of x, oldest first."""
    file, *legs = SERIES[name]
    path = real_data / "pairs" / file
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig") as lines:
        table = list(csv.DictReader(lines))
    y, x = (np.array([float(row[leg]) for row in table]) for leg in legs)
    return y, x
