"""Requests for scans and what is said of closes -> how far each scan is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from oddlot.contracts.messages import Basket, CloseState, ScanRequest

# What a scan waits for, by symbol; anything else is when the closes were fetched that have been
# published and are on their way here.
UNSAID, WAITING = -1, -2
LIFETIME_MS = 26 * 3_600_000  # a day's quota has come back by then


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenScan:
    """A scan that goes on.

    Attributes
    ----------
    request : what was asked for.
    left : the awaited symbols whose closes are neither here nor out of reach, and what is known of
        each: UNSAID, WAITING for a quota, or the time of the fetch.
    """

    request: ScanRequest
    left: Mapping[str, int]

    def pending(self, basket: Basket) -> int:
        """Count the closes that may still come soon for a basket."""
        symbols = {*basket.symbols, basket.benchmark}
        return sum(symbol in symbols and at != WAITING for symbol, at in self.left.items())

    def is_over(self, now_ms: int) -> bool:
        """Tell whether nothing is left to wait for, or it has been waited for long enough."""
        return not self.left or now_ms - self.request.requested_ms > LIFETIME_MS


def opened(
    request: ScanRequest, said: Mapping[str, CloseState], fetched: Mapping[str, int]
) -> OpenScan:
    """Begin a scan.

    Parameters
    ----------
    request : what is asked for.
    said : the newest word on each symbol, which may have come before the request was read.
    fetched : when the closes that are here were fetched.
    """
    scan = OpenScan(request=request, left=dict.fromkeys(request.awaited, UNSAID))
    for symbol in request.awaited:
        if symbol in said:
            scan = heard(scan, said[symbol])
    return arrived(scan, fetched)


def heard(scan: OpenScan, state: CloseState) -> OpenScan:
    """Take in how far a symbol has come; words from before the request say nothing.

    Parameters
    ----------
    scan : as it stands.
    state : of any symbol.
    """
    symbol = state.symbol
    if symbol not in scan.left or state.sent_ms < scan.request.requested_ms:
        return scan
    if state.state == "refused":
        return replace(scan, left={s: at for s, at in scan.left.items() if s != symbol})
    at = UNSAID
    if state.state == "fetched" and state.fetched_ms is not None:
        at = state.fetched_ms
    elif state.state == "waiting":
        at = WAITING
    elif scan.left[symbol] >= 0:  # asked for once more: what was fetched for us still comes
        at = scan.left[symbol]
    return scan if at == scan.left[symbol] else replace(scan, left={**scan.left, symbol: at})


def arrived(scan: OpenScan, fetched: Mapping[str, int]) -> OpenScan:
    """Take in which closes are here.

    Parameters
    ----------
    scan : as it stands.
    fetched : by symbol, when the closes that are here were fetched.
    """
    left = {s: at for s, at in scan.left.items() if at < 0 or fetched.get(s, -1) < at}
    return scan if len(left) == len(scan.left) else replace(scan, left=left)
