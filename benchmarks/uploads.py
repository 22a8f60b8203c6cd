"""Large files -> seconds to read them, and how much memory that takes at its peak.

uv run python -m benchmarks.uploads
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MINUTE_MS, START_MS = 60_000, 1_577_836_800_000
FULL_BYTES = 209_715_200  # what an upload may have
FULL_ROWS = 5_000_000
LINES_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of file: its header, the format of a line, how large it is."""

    name: str
    header: str
    line: str
    rows: int


CASES = (
    Case("binance", "", "{ms},{p},{h},{l},{p},{v}.125,{ms},{v}9.5,{v},{v}.5,{v}.5,0\n", FULL_ROWS),
    Case("closes", "time,close\n", "{ms},{p}\n", FULL_ROWS),
    Case("symbols", "symbol,time,open,close\n", "{s},{iso},{p},{p}\n", FULL_ROWS),
    Case("excel", "Zeit;Schlusskurs;Volumen\n", "{iso};{comma};{v}.000\n", FULL_ROWS),
)


def main() -> None:
    """Print a line a case."""
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ACME.csv"
            rows = _write(path, case)
            spawn = multiprocessing.get_context("spawn")
            for way in (_ours, _whole):
                with spawn.Pool(1) as pool:  # a process each: its peak is its own
                    seconds, peak_mb = pool.apply(way, (str(path),))
                print(
                    f"{case.name:<8} {path.stat().st_size / 1e6:>5.0f} MB {rows:>10,} rows  "
                    f"{way.__name__.strip('_'):<6} {seconds:>5.1f} s  peak {peak_mb:>6.0f} MB"
                )


def _ours(path: str) -> tuple[float, float]:
    from oddlot.quant import uploads

    def read() -> None:
        with Path(path).open("rb") as file:
            uploads.read(
                [uploads.Source(name="ACME.csv", file=file)],
                options=uploads.Options(),
                limits=uploads.Limits(rows=FULL_ROWS, unpacked_bytes=5 * FULL_BYTES),
            )

    return _measured(read)


def _whole(path: str) -> tuple[float, float]:
    """The usual way: one call of pandas for all of it, delimiter and header known to be right."""
    import pandas as pd

    def read() -> None:
        with Path(path).open("rb") as file:
            delimiter = ";" if b";" in file.readline() else ","
            file.seek(0)
            pd.read_csv(file, sep=delimiter)

    return _measured(read)


def _measured(read: object) -> tuple[float, float]:
    assert callable(read)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()  # of the processor: whatever else runs takes none of it
    read()
    seconds = time.process_time() - began
    return seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024


def _write(path: Path, case: Case) -> int:
    """Write lines until rows or bytes are full."""
    rows, size = 0, 0
    with path.open("w") as file:
        size += file.write(case.header)
        for text, lines in _lines(case):
            if size + len(text) > FULL_BYTES:
                break
            size += file.write(text)
            rows += lines
    return rows


def _lines(case: Case) -> Iterator[tuple[str, int]]:
    numbers = np.random.default_rng(1)
    for first in range(0, case.rows, LINES_AT_ONCE):
        prices = 60_000 + numbers.normal(0, 50, LINES_AT_ONCE).cumsum()
        parts = []
        for n, price in enumerate(prices.tolist(), first):
            ms = START_MS + MINUTE_MS * (n // 2 if "{s}" in case.line else n)
            iso = str(np.datetime64(ms, "ms"))[:19] if "{iso}" in case.line else ""
            parts.append(
                case.line.format(
                    ms=ms, p=f"{price:.2f}", h=f"{price + 1:.2f}", l=f"{price - 1:.2f}",
                    v=n % 97 + 1, s="AB"[n % 2], iso=iso, comma=f"{price:.2f}".replace(".", ","),
                )
            )  # fmt: skip
        yield "".join(parts), len(parts)


if __name__ == "__main__":
    main()
