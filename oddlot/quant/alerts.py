"""Spreads of one pair at one interval, in time order -> the alerts that they raise and end.

An alert is raised where z reaches `enter_z` on either side and ends where z has come back to
`leave_z` of its side. Between the two nothing is said, so a z that trembles at a threshold is one
alert (hysteresis), and after an end the next one waits for `cooldown_bars` of the venue's time.
"""

from __future__ import annotations

from dataclasses import dataclass

from oddlot.contracts.messages import INTERVAL_MS, Alert, Crossing, Pair, Side, Spread

SIGN: dict[Side, int] = {"high": 1, "low": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Where the alerts of one pair and interval stand: what the last one said.

    Attributes
    ----------
    side : the alert that is open; None where none is.
    since_ms : the bar of the last alert, raised or ended; rows up to it are dealt with.
    """

    side: Side | None = None
    since_ms: int | None = None


def add_spread(watch: Watch, spread: Spread, pair: Pair) -> tuple[Watch, list[Alert]]:
    """Advance by one row.

    Parameters
    ----------
    watch : as the rows before left it.
    spread : the next row. One that comes again changes nothing, as the state changes only where
        an alert is said, and rows up to the last one said are skipped.
    pair : its thresholds and cooldown.

    Returns
    -------
    the state after it, and the alerts: none, one, or, where z flips from one side to the other
    between two rows, the end of the one and the beginning of the other.

    Notes
    -----
    A row without z, stale or not warm, raises and ends nothing: an open alert stays open.

    Examples
    --------
    >>> row = Spread(
    ...     pair="BTCUSDT~ETHUSDT", y="BTCUSDT", x="ETHUSDT", interval="1s", open_ms=5_000,
    ...     y_close=61_000.5, x_close=2_600.25, hedge_ratio=23.5, intercept=-105.0, r_squared=0.9,
    ...     spread=42.0, z=2.31, correlation=0.8, n=300, window=300, warm=True, stale=False,
    ...     prices="level",
    ... )
    >>> watch, (alert,) = add_spread(Watch(), row, Pair(y="BTCUSDT", x="ETHUSDT"))
    >>> alert.text
    'BTCUSDT~ETHUSDT 1s: z rose to 2.31, above 2; the spread is stretched'
    >>> watch
    Watch(side='high', since_ms=5000)
    """
    z = spread.z
    is_dealt_with = watch.since_ms is not None and spread.open_ms <= watch.since_ms
    if is_dealt_with or z is None or spread.stale or not spread.warm:
        return watch, []
    alerts = []
    if watch.side and SIGN[watch.side] * z <= pair.leave_z:
        alerts.append(_alert(spread, z, "left", watch.side, pair))
    is_free = bool(alerts) or (watch.side is None and not _rests(watch, spread, pair))
    if is_free and abs(z) >= pair.enter_z:
        alerts.append(_alert(spread, z, "entered", "high" if z > 0 else "low", pair))
    return after(watch, *alerts), alerts


def after(watch: Watch, *said: Alert) -> Watch:
    """Give the state once some alerts have been said, whoever said them.

    Parameters
    ----------
    watch : the state before.
    said : alerts of its pair and interval, in the order in which they were said; those that the
        state has in it already change nothing.

    Examples
    --------
    >>> after(Watch(side="high", since_ms=9_000))
    Watch(side='high', since_ms=9000)
    """
    for alert in said:
        if watch.since_ms is None or alert.event_ms >= watch.since_ms:
            side = alert.side if alert.crossing == "entered" else None
            watch = Watch(side=side, since_ms=alert.event_ms)
    return watch


def _rests(watch: Watch, spread: Spread, pair: Pair) -> bool:
    if watch.since_ms is None:
        return False
    return spread.open_ms - watch.since_ms <= pair.cooldown_bars * INTERVAL_MS[spread.interval]


def _alert(spread: Spread, z: float, crossing: Crossing, side: Side, pair: Pair) -> Alert:
    limit = pair.enter_z if crossing == "entered" else pair.leave_z
    rises = (side == "high") == (crossing == "entered")
    how = f"rose to {z:.2f}, above" if rises else f"fell to {z:.2f}, below"
    what = "the spread is stretched" if crossing == "entered" else "the spread has come back"
    return Alert(
        kind="spread",
        subject=spread.pair,
        interval=spread.interval,
        event_ms=spread.open_ms,
        crossing=crossing,
        side=side,
        value=z,
        threshold=SIGN[side] * limit + 0.0,  # never -0.0
        price=spread.y_close,
        hedge_ratio=spread.hedge_ratio,
        spread=spread.spread,
        text=f"{spread.pair} {spread.interval}: z {how} {SIGN[side] * limit:g}; {what}",
    )
