"""Captures: both line formats, gzip or not, and files that are damaged or something else."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from oddlot.errors import BadCapture
from producers import captures
from producers.captures import Capture

FRAME = b'{"stream":"btcusdt@trade","data":{}}'
NANOSECONDS = b"1723161255088176367 " + FRAME + b"\n"
SECONDS = b"wss://fstream.binance.com/stream?streams=a <-> 1626992740.17\n1626992741.06: " + FRAME


def written(folder: Path, content: bytes, name: str = "capture") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def lines_of(path: Path) -> list[captures.Line]:
    with Capture(path) as capture:
        return list(capture.lines())


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("content", "number"), [(NANOSECONDS, 1), (SECONDS, 2)], ids=["nanoseconds", "seconds"]
)
def test_a_frame_is_found_whatever_the_format(
    tmp_path: Path, pack: type[bytes], content: bytes, number: int
) -> None:
    assert lines_of(written(tmp_path, pack(content))) == [(number, FRAME, "")]


def test_a_line_that_is_none_is_told_and_passed_over(tmp_path: Path) -> None:
    found = lines_of(written(tmp_path, NANOSECONDS + b"torn\n\n" + NANOSECONDS))
    assert [(line.number, bool(line.error)) for line in found] == [
        (1, False),
        (2, True),
        (4, False),
    ]
    assert found[1].frame == b"torn"


def test_a_line_without_end_is_told_and_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captures, "MAX_LINE_BYTES", 64)
    found = lines_of(written(tmp_path, NANOSECONDS + b"9" * 1_000 + b"\n" + NANOSECONDS))
    assert [bool(line.error) for line in found] == [False, True, False]
    assert len(found[1].frame) == 64


def test_what_comes_before_a_torn_end_counts(tmp_path: Path) -> None:
    packed = gzip.compress(NANOSECONDS * 5_000, mtime=0)
    found = lines_of(written(tmp_path, packed[:-20]))
    assert len(found) > 1_000
    assert all(line.frame == FRAME for line in found[:-1])
    assert "damaged" in found[-1].error


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"# a readme\n", "a readme"),
        (b'{"json": 1}\n', "json"),
        (b"\x1f\x8bbroken", "damaged gzip"),
        (gzip.compress(b"date,open\n", mtime=0), "date,open"),
        (b"\x00\x01\x02", "x00"),
    ],
)
def test_a_file_that_is_no_capture_is_refused_by_name(
    tmp_path: Path, content: bytes, found: str
) -> None:
    path = written(tmp_path, content, "notes.txt")
    with pytest.raises(BadCapture) as refused:
        Capture(path)
    for part in ("notes.txt", "expected lines", found):
        assert part in str(refused.value)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadCapture, match=r"nowhere\.gz.*No such file"):
        Capture(tmp_path / "nowhere.gz")


def test_progress_is_told_in_bytes_of_the_file_on_disk(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(NANOSECONDS * 5_000))
    with Capture(path) as capture:
        assert capture.bytes_total == path.stat().st_size
        for _ in capture.lines():
            assert 0 < capture.bytes_read <= capture.bytes_total
        assert capture.bytes_read == capture.bytes_total
