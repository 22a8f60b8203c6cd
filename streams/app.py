"""The streams role, as Faust finds it: `faust -A streams.app worker`."""

from __future__ import annotations

from oddlot import errors, settings
from streams import bars, sink, spreads
from streams.worker import make_worker

PARTS = {"bars": bars.attach, "spreads": spreads.attach, "sink": sink.attach}

_settings = settings.load()
if unknown := _settings.enabled_parts - PARTS.keys():
    raise errors.BadSetting(
        f"ODDLOT_PARTS: expected some of {', '.join(PARTS)}, was {', '.join(sorted(unknown))}"
    )
app = make_worker(_settings)
for _part in sorted(_settings.enabled_parts):
    PARTS[_part](app)
