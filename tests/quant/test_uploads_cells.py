"""Uploads: times and numbers in any writing are read as what they were, or the doubt is said."""

from __future__ import annotations

import pytest

from tests.quant.exports import closes, read

DAY_MS = 86_400_000
JAN_2_2024 = 1_704_153_600_000


@pytest.mark.parametrize(
    ("cell", "ms"),
    [
        ("1704153600", JAN_2_2024),
        ("1704153600000", JAN_2_2024),
        ("1704153600000000", JAN_2_2024),
        ("1704153600000000000", JAN_2_2024),
        ("1704153600.5", JAN_2_2024 + 500),
        ("2024-01-02", JAN_2_2024),
        ("2024/01/02", JAN_2_2024),
        ("2024.1.2", JAN_2_2024),
        ("20240102", JAN_2_2024),
        ("2024-01-02 00:00:01", JAN_2_2024 + 1_000),
        ("2024-01-02T00:00:00.250Z", JAN_2_2024 + 250),
        ("2024-01-02 01:00:00+01:00", JAN_2_2024),
        ("2024-01-01T19:00:00-0500", JAN_2_2024),
        ("2024-01-02 00:00:00 UTC", JAN_2_2024),
        ("Jan 2, 2024", JAN_2_2024),
        ("Jan 02, 2024", JAN_2_2024),
        ("2 January 2024", JAN_2_2024),
        ("02-Jan-24", JAN_2_2024),
        ("2-Jan-2024 01:30", JAN_2_2024 + 5_400_000),
        ("02.01.2024 01:30", JAN_2_2024 + 5_400_000),
        ("01.01.2024 23:00:00.000 GMT-0100", JAN_2_2024),
    ],
)
def test_times_in_any_writing(cell: str, ms: int) -> None:
    upload = read(f"time;close\n{cell};1,5\n".encode())
    assert upload.tables["X"].open_ms.tolist() == [ms]


def test_days_of_a_spreadsheet() -> None:
    upload = read(b"Date;Close\n45293;12,5\n45293,5;13\n")
    assert upload.tables["X"].open_ms.tolist() == [JAN_2_2024, JAN_2_2024 + DAY_MS // 2]
    assert upload.files[0].time_format == "days since 1899-12-30"


@pytest.mark.parametrize(
    ("dates", "order", "is_sure"),
    [
        (["01/02/2024", "13/02/2024"], "dmy", True),
        (["01/02/2024", "02/13/2024"], "mdy", True),
        (["01/02/2024", "02/02/2024", "03/02/2024"], "dmy", False),  # days, not months, go by
        (["01/02/2024", "01/03/2024", "01/04/2024"], "mdy", False),
        (["01.02.2024", "01.03.2024"], "dmy", False),
    ],
)
def test_day_and_month_are_told_apart_or_the_doubt_is_said(
    dates: list[str], order: str, is_sure: bool
) -> None:
    content = "Date,Close\n" + "".join(f"{date},1.5\n" for date in dates)
    file = read(content.encode()).files[0]
    assert file.time_format.startswith("%d" if order == "dmy" else "%m")
    assert ("date_order" in " ".join(file.notes)) is not is_sure
    other = read(content.replace("13", "12").encode(), date_order="mdy")
    assert other.files[0].time_format.startswith("%m")
    assert other.files[0].notes == ()


def test_a_late_date_decides_for_the_whole_file() -> None:
    days = [(day, month) for month in range(1, 13) for day in range(1, 13)]
    steady = [f"{day:02}/{month:02}/2024,1\n" for day, month in days]
    misleading = [f"{month:02}/{day:02}/2024,1\n" for day, month in days]
    for early in (steady, misleading):
        content = "Date,Close\n" + "".join(early * 30) + "13/01/2024,2\n"
        upload = read(content.encode())
        file = upload.files[0]
        assert file.time_format == "%d/%m/%Y"
        assert not any("date_order" in note for note in file.notes)
        assert upload.bad_rows_total == 0
        assert len(upload.tables["X"]) == 145


def test_times_without_a_zone_are_in_the_one_that_is_said() -> None:
    content = b"time,close\n2024-03-10 01:30,1\n2024-03-10 02:30,2\n2024-03-10 03:30,3\n"
    upload = read(content, timezone="America/New_York")
    assert upload.tables["X"].open_ms.tolist() == [1_710_052_200_000, 1_710_055_800_000]
    assert upload.bad_rows[0].line == 3, "that night had no half past two"
    assert upload.files[0].timezone == "America/New_York"


@pytest.mark.parametrize(
    ("cells", "values", "decimal"),
    [
        (["1.5", "2"], [1.5, 2.0], "."),
        (["1,5", "2"], [1.5, 2.0], ","),
        (["1.234,5", "2.000.000"], [1_234.5, 2_000_000.0], ","),
        (["1,234.5", "2,000,000"], [1_234.5, 2_000_000.0], "."),
        (["1 234,5", "2\u00a0000"], [1_234.5, 2_000.0], ","),
        (["1'234.5", "2'000"], [1_234.5, 2_000.0], "."),
        (["1e3", "2.5E-3"], [1_000.0, 0.0025], "."),
        (["+1.5", "€ 2.00"], [1.5, 2.0], "."),
    ],
)
def test_numbers_in_any_writing(cells: list[str], values: list[float], decimal: str) -> None:
    content = "Date;Close\n" + "".join(f"2024-01-0{n};{c}\n" for n, c in enumerate(cells, 1))
    upload = read(content.encode())
    assert closes(upload, "X") == values
    assert upload.files[0].decimal == decimal
    assert upload.bad_rows_total == 0


def test_a_mark_that_can_be_both_is_said() -> None:
    content = b"Date;Close\n2024-01-01;1,234\n2024-01-02;5,678\n"
    upload = read(content)
    assert closes(upload, "X") == [1.234, 5.678]
    assert "before decimals" in upload.files[0].notes[0]
    said = read(content, decimal=".")
    assert closes(said, "X") == [1_234.0, 5_678.0]
    assert said.files[0].notes == ()


def test_a_number_that_does_not_fit_its_file_is_a_bad_row_and_never_another_number() -> None:
    good = b"".join(b'2023-01-0%d,"1,234.5"\n' % day for day in range(1, 9))
    upload = read(b"Date,Close\n" + good + b'2024-01-02,"12,5"\n2024-01-03,"1,2345"\n')
    assert closes(upload, "X") == [1_234.5] * 8
    assert [bad.line for bad in upload.bad_rows] == [10, 11]
