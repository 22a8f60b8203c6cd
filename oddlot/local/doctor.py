"""Settings -> findings of every check, soon, whatever hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from oddlot.local import checks
from oddlot.local.checks import Finding
from oddlot.settings import Settings

DEADLINE_S = 8.0  # one check asks for 3 s at most, but a name server can take longer by itself

Check = Callable[[Settings], list[Finding]]

CHECKS: tuple[Check, ...] = (
    checks.check_python,
    checks.check_java,
    checks.check_jars,
    checks.check_disk,
    checks.check_ports,
    checks.check_broker,
    checks.check_store,
    checks.check_stream,
    checks.check_rest,
)


def examine(
    settings: Settings, wanted: Sequence[Check] = CHECKS, *, deadline_s: float = DEADLINE_S
) -> list[Finding]:
    """Run every check at the same time and give what they found, in their order.

    Parameters
    ----------
    settings : what `oddlot up` would use.
    wanted : all checks by default.
    deadline_s : for all together; a check that has not answered by then is a failure.
    """
    until = time.monotonic() + deadline_s
    runs = [_Run(check, settings) for check in wanted]
    return [finding for run in runs for finding in run.wait(until)]


class _Run:
    """One check in a thread of its own, a daemon: whatever it hangs in, we can go."""

    def __init__(self, check: Check, settings: Settings) -> None:
        self._check, self._settings = check, settings
        self._findings: list[Finding] = []
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def wait(self, until: float) -> list[Finding]:
        """Give what was found by a time of the monotonic clock."""
        self._thread.join(max(0.0, until - time.monotonic()))
        if self._findings:
            return self._findings
        name = self._check.__name__.removeprefix("check_").replace("_", " ").capitalize()
        if self._thread.is_alive():
            found, advice = "no answer in time", "see what hangs: name server, network or disk"
        else:
            found, advice = "the check itself broke", "report it with what it has printed"
        return [Finding(name=name, status="fail", found=found, advice=advice)]

    def _work(self) -> None:
        self._findings = self._check(self._settings)
