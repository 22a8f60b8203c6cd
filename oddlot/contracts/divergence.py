"""Who breaks ranks: one scan of one peer group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from oddlot.contracts.pairs import Symbol

MIN_MEMBERS, MAX_MEMBERS = 3, 80  # of a group: fewer have no median of others
MAX_BASKETS = 100  # of one request
MAX_AWAITED = 2_000  # symbols of one request; three free plans give about a thousand a day

ScanInterval = Literal["1d", "1m"]
Verdict = Literal["diverger", "loner", "unproven", "in line", "unscored"]

ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"  # a file name on every system, and a part of a URL
Name = Annotated[str, msgspec.Meta(pattern=ID_PATTERN)]
BasketSymbols = Annotated[
    tuple[Symbol, ...], msgspec.Meta(min_length=MIN_MEMBERS, max_length=MAX_MEMBERS)
]
Baskets = Annotated[tuple["Basket", ...], msgspec.Meta(min_length=1, max_length=MAX_BASKETS)]
Awaited = Annotated[tuple[Symbol, ...], msgspec.Meta(max_length=MAX_AWAITED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """A group to be scanned.

    Attributes
    ----------
    id : of the peer group, or of the scan where its symbols were pasted.
    symbols : its members.
    benchmark : the symbol that stands for it, among the members or not.
    """

    id: Name
    symbols: BasketSymbols
    benchmark: Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """Somebody wants groups scanned by their daily closes, now and as missing closes come.

    Attributes
    ----------
    scan : its id; while a scan goes on, another request of the same id changes nothing.
    baskets : the groups.
    awaited : symbols whose closes were requested for this scan. It goes on until their closes are
        there or have been given up: nobody has them, or they wait for a quota.
    requested_ms : our clock; what was said of the awaited symbols before is old news.
    """

    scan: Name
    baskets: Baskets
    awaited: Awaited
    requested_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowScore:
    """One member's return over one window against the others'.

    Attributes
    ----------
    window : in bars.
    own_return : simple, as a fraction; None where a close is missing.
    others_return : median of the others' returns.
    z : (own_return - others_return) / (1.4826 * MAD of the others); None without two others, or
        where the others all moved alike.
    crosses : whether |z| is at the threshold or above.
    confirmed : whether it crosses, and the member usually moves with the group.
    label : the same in plain English; empty where it does not cross.
    """

    window: int
    own_return: float | None
    others_return: float | None
    z: float | None
    crosses: bool
    confirmed: bool
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberScore:
    """One member of a scanned group.

    Attributes
    ----------
    symbol : the name the venue trades under.
    close : the last one used, adjusted, in the venue's currency; None without any.
    closes : how many are behind the figures.
    correlation, beta : of its returns with the equal-weight index of the others, over the last
        bars of the lookback; None where too few are known.
    usual_correlation : the same, ended before the longest window begins, so that the move in
        question cannot hide itself; it confirms. None where too few are known.
    windows : one score a window, in the order of the scan's.
    window, z : of the strongest score: a confirmed one first, then the largest |z|; None unscored.
    verdict : diverger (confirmed); loner (crosses, but seldom moves with the group); unproven
        (crosses, but too few closes are known to tell); in line; unscored.
    label : the verdict in plain English.
    flags : what is odd about its closes, in plain English: missing, short, a bad print, a split.
    """

    symbol: str
    close: float | None
    closes: int
    correlation: float | None
    beta: float | None
    usual_correlation: float | None
    windows: tuple[WindowScore, ...]
    window: int | None
    z: float | None
    verdict: Verdict
    label: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSpread:
    """How one window's returns lie in a whole group.

    Attributes
    ----------
    window : in bars.
    median_return : of all members, as a fraction; None without any.
    dispersion : 1.4826 * MAD of the members' returns; None without two.
    benchmark_return : of the group's benchmark; None where it is not known.
    """

    window: int
    median_return: float | None
    dispersion: float | None
    benchmark_return: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """One scan of one peer group at one bar.

    Attributes
    ----------
    group : id of the peer group, or of the scan where its symbols were pasted.
    interval : daily closes, or live bars.
    open_ms : the bar that the scan ends with; for daily closes midnight UTC of the exchange's date.
    benchmark : the symbol that stands for the group.
    lookback : returns behind correlation and beta.
    enter_z : |z| at which a score crosses.
    min_correlation : from which a member counts as usually moving with the group.
    scored : how many members have a score.
    divergers, loners : symbols, strongest first.
    windows : how each window's returns lie.
    members : every member, in the order of the group; a missing one is flagged, not left out.
    complete : whether every member has a close at this bar.
    text : the result in one sentence.
    computed_ms : our clock.
    scan : id of the scan that asked; None where nobody did.
    pending : how many closes the scan still awaits for this group, benchmark included; it says the
        group again when they are there or given up.
    """

    group: str
    interval: ScanInterval
    open_ms: int
    benchmark: str
    lookback: int
    enter_z: float
    min_correlation: float
    scored: int
    divergers: tuple[str, ...]
    loners: tuple[str, ...]
    windows: tuple[WindowSpread, ...]
    members: tuple[MemberScore, ...]
    complete: bool
    text: str
    computed_ms: int
    scan: str | None = None
    pending: int = 0
