"""A page whose state is in its address: parts ask for changes, the page tells what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import panel as pn
import param

from ui import charts

State = dict[str, Any]


class Codec(NamedTuple):
    """How the state of a page is written.

    Attributes
    ----------
    names : of the parameters that are the state, of the page as of its parts.
    valid : keeps of what is wanted what may be shown; a browser may want anything.
    read : query string -> state; what is missing or malformed there is the default.
    write : page -> query string.
    """

    names: tuple[str, ...]
    valid: Callable[[State], State]
    read: Callable[[str], State]
    write: Callable[[Any], str]


class AddressedPage(pn.viewable.Viewer):
    """Keeps its parameters, its parts and the browser's address the same."""

    def __init__(self, api: str, search: str, codec: Codec) -> None:
        super().__init__()
        self._codec = codec
        self.param.update(**codec.read(search))
        self._address = charts.PageState(api=api, search=codec.write(self))
        self._parts: tuple[Any, ...] = ()

    def _follow(self, *parts: Any) -> None:
        """Tell the parts what to show from now on, and hear what they want."""
        self._parts = parts
        self._tell()
        self.param.watch(self._changed, list(self._codec.names))
        self._address.param.watch(self._went, ["search"])
        for part in parts:
            part.param.watch(self._chosen, list(self._codec.names))

    def _implied(self, wanted: State) -> State:
        """Give what is wanted, and what that entails."""
        return wanted

    def _chosen(self, *events: param.parameterized.Event) -> None:
        """A part of the page wants something else shown."""
        wanted = self._implied({event.name: event.new for event in events})
        kept = self._codec.valid(wanted)
        self.param.update(**kept)
        if kept != wanted:
            self._tell()  # the part that asked for what cannot be shown, too

    def _changed(self, *_: param.parameterized.Event) -> None:
        self._tell()
        self._address.search = self._codec.write(self)

    def _went(self, event: param.parameterized.Event) -> None:
        """The browser went back or forward."""
        if event.new != self._codec.write(self):
            self.param.update(**self._codec.read(event.new))

    def _tell(self) -> None:
        """Tell the parts what to show."""
        state = {name: getattr(self, name) for name in self._codec.names}
        for part in self._parts:
            part.param.update(**state)
