"""The streams role, as Faust finds it: `faust -A streams.app worker`."""

from __future__ import annotations

import contextlib
import importlib

import mode.loop

from oddlot import errors, settings
from streams.worker import make_worker

# Each is a module of this room that attaches itself.
PARTS = (
    "bars",
    "spreads",
    "pair_tests",
    "divergence",
    "live_divergence",
    "buzz",
    "alerts",
    "webhooks",
    "sink",
)

with contextlib.suppress(ImportError):  # not on Windows
    mode.loop.use("uvloop")  # before Faust makes its loops

_settings = settings.load()
if unknown := sorted(_settings.enabled_parts - set(PARTS)):
    raise errors.BadSetting(
        f"ODDLOT_PARTS: expected some of {', '.join(PARTS)}, was {', '.join(unknown)}"
    )
app = make_worker(_settings)
for _part in PARTS:
    if _part in _settings.enabled_parts:  # the others are not even imported
        importlib.import_module(f"streams.{_part}").attach(app)
# The sink and webhooks read by themselves: without an agent, Faust has nothing to subscribe to.
app.producer_only = not app.agents
