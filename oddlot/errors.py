"""Every error that Oddlot raises on purpose.

    Oddlot
    ├── BadMessage        a message that does not say what its contract says: dead letter
    ├── BadSetting        a setting that cannot be used: what was expected, found, what to do
    ├── BadPeerGroup      a peer-group file that does not validate
    │   ├── UnknownPeerGroup
    │   └── EditConflict  somebody else changed it meanwhile
    ├── BadCapture        a file that is no recorded capture of a venue's frames
    ├── BadRequest        a view asked for in a way it cannot be given
    │   └── BadUpload     a file that cannot be understood, or is over a limit
    ├── Unavailable       the world said no: retried with backoff, then shown
    │   ├── BrokerUnavailable
    │   ├── StoreUnavailable
    │   ├── VenueUnavailable
    │   ├── QuotaSpent    a provider gives no more for now
    │   └── KeyRefused    a provider does not take our key
    ├── Refused           this machine cannot do it as it stands: says what to change
    └── LostMessage       a message is missing between two hops: the worker stops and goes back

A bug has no class of its own: it crashes its role, which starts again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


class Oddlot(Exception):
    """The root of all errors raised on purpose; catch a child of it."""


class BadMessage(Oddlot):
    """The bytes or fields of a message break its contract."""


class BadSetting(Oddlot):
    """A setting cannot be used as it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongField:
    """One wrong part of what was refused; no error itself.

    Attributes
    ----------
    where : its path, such as `members[2].symbol`.
    what : what was expected, and what was found, as `expected .., was ..`.
    fix : what to do about it.
    """

    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.fix}"


class BadPeerGroup(Oddlot):
    """A peer-group file does not validate; the message names file, field and fix.

    Attributes
    ----------
    fields : each wrong one; empty where single fields are not to blame.
    """

    def __init__(self, message: str, fields: tuple[WrongField, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


class UnknownPeerGroup(BadPeerGroup):
    """There is no peer group of that id."""


class EditConflict(BadPeerGroup):
    """A peer group is not what its editor has seen: somebody else changed it meanwhile."""


class BadCapture(Oddlot):
    """A file is no recorded capture; the message names it, the formats, and what was found."""


class BadRequest(Oddlot):
    """A view was asked for in a way it cannot be given."""


class BadUpload(BadRequest):
    """A file sent to us cannot be understood, or is over a limit."""


class Unavailable(Oddlot):
    """Something outside this process does not answer, or says no."""


class BrokerUnavailable(Unavailable):
    """Kafka cannot be reached."""


class StoreUnavailable(Unavailable):
    """ClickHouse cannot be reached."""


class VenueUnavailable(Unavailable):
    """A venue, provider or forum cannot be reached."""


class QuotaSpent(Unavailable):
    """A provider gives no more for now.

    Attributes
    ----------
    window : whose quota is spent: second, minute, day or month; None where it does not say.
    retry_ms : how long it wants to be left alone; None where it does not say.
    """

    def __init__(
        self,
        message: str,
        *,
        window: Literal["second", "minute", "day", "month"] | None = None,
        retry_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.window = window
        self.retry_ms = retry_ms


class KeyRefused(Unavailable):
    """A provider does not take our key, or its plan does not have what we ask for."""


class Refused(Oddlot):
    """This machine cannot do what was asked: a port is taken, a directory is in use."""


class LostMessage(Oddlot):
    """A message that was published did not arrive: start again from the committed offset."""
