"""The doctor: one finding a check, in order, however long a check hangs."""

from __future__ import annotations

import threading
import time

import pytest

from oddlot.local import checks, doctor
from oddlot.local.checks import Finding
from oddlot.settings import Settings, load

FINE = Finding(name="Fine", status="ok", found="all is well")


def check_fine(_settings: Settings) -> list[Finding]:
    return [FINE]


def test_findings_come_in_the_order_of_the_checks():
    def check_slower(_settings: Settings) -> list[Finding]:
        time.sleep(0.05)
        return [Finding(name="Slower", status="ok", found="fine too")]

    found = doctor.examine(load(), [check_slower, check_fine])
    assert [finding.name for finding in found] == ["Slower", "Fine"]


def test_a_check_that_hangs_is_a_failure_and_holds_nobody_up():
    released = threading.Event()

    def check_hangs(_settings: Settings) -> list[Finding]:
        released.wait()
        return []

    try:
        found = doctor.examine(load(), [check_hangs, check_fine], deadline_s=0.05)
    finally:
        released.set()
    assert [(finding.name, finding.status) for finding in found] == [
        ("Hangs", "fail"),
        ("Fine", "ok"),
    ]
    assert "no answer in time" in found[0].found


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_check_that_breaks_is_a_failure_and_not_silence():
    def check_breaks(_settings: Settings) -> list[Finding]:
        raise ZeroDivisionError

    [found] = doctor.examine(load(), [check_breaks])
    assert (found.name, found.status) == ("Breaks", "fail")
    assert "broke" in found.found


def test_every_check_takes_part():
    written = {name for name in vars(checks) if name.startswith("check_")}
    assert {check.__name__ for check in doctor.CHECKS} == written


def test_whatever_is_not_fine_comes_with_advice(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "_unreachable", lambda _url: "no such host")
    settings = load(cache_dir=tmp_path, state_dir=tmp_path)
    found = doctor.examine(settings)
    assert {finding.status for finding in found} > {"ok", "fail"}
    assert all(finding.advice for finding in found if finding.status != "ok")
