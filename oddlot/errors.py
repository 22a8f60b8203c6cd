"""Every error that Oddlot raises on purpose.

    Oddlot
    ├── BadMessage        a message that does not say what its contract says: dead letter
    ├── BadSetting        a setting that cannot be used: what was expected, found, what to do
    ├── BadPeerGroup      a peer-group file that does not validate
    ├── BadCapture        a file that is no recorded capture of a venue's frames
    ├── BadRequest        a view asked for in a way it cannot be given
    ├── Unavailable       the world said no: retried with backoff, then shown
    │   ├── BrokerUnavailable
    │   ├── StoreUnavailable
    │   └── VenueUnavailable
    ├── Refused           this machine cannot do it as it stands: says what to change
    └── LostMessage       a message is missing between two hops: the worker stops and goes back

A bug has no class of its own: it crashes its role, which starts again.
"""

from __future__ import annotations


class Oddlot(Exception):
    """The root of all errors raised on purpose; catch a child of it."""


class BadMessage(Oddlot):
    """The bytes or fields of a message break its contract."""


class BadSetting(Oddlot):
    """A setting cannot be used as it was given."""


class BadPeerGroup(Oddlot):
    """A peer-group file does not validate; the message names file, field and fix."""


class BadCapture(Oddlot):
    """A file is no recorded capture; the message names it, the formats, and what was found."""


class BadRequest(Oddlot):
    """A view was asked for in a way it cannot be given."""


class Unavailable(Oddlot):
    """Something outside this process does not answer, or says no."""


class BrokerUnavailable(Unavailable):
    """Kafka cannot be reached."""


class StoreUnavailable(Unavailable):
    """ClickHouse cannot be reached."""


class VenueUnavailable(Unavailable):
    """A venue, provider or forum cannot be reached."""


class Refused(Oddlot):
    """This machine cannot do what was asked: a port is taken, a directory is in use."""


class LostMessage(Oddlot):
    """A message that was published did not arrive: start again from the committed offset."""
