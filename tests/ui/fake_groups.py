"""Peer groups as the API keeps and tells them: files of their own, and whoever is quicker."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from oddlot import peer_groups
from oddlot.peer_groups import ANY, PeerGroup, Stored

Told = Callable[[str, PeerGroup | None, str | None], None]


class Groups:
    """A directory of groups; `told` hears of every change."""

    def __init__(self, groups: list[PeerGroup], told: Told) -> None:
        self._kept = tempfile.TemporaryDirectory()
        self._directory = Path(self._kept.name)
        self._told = told
        for group in groups:
            peer_groups.save(self._directory, group, expected=None)
        self.router = APIRouter()
        self.router.add_api_route("/peer-groups", self._list)
        for method, route in (("GET", self._get), ("PUT", self._put), ("DELETE", self._delete)):
            self.router.add_api_route("/peer-groups/{group}", route, methods=[method])

    def change(self, group: str, **changed: Any) -> None:
        """Change a group as somebody else would."""
        now = peer_groups.find(self._directory, group).group
        self._save(replace(now, **changed), ANY)

    def remove(self, group: str) -> None:
        """Remove a group as somebody else would."""
        peer_groups.remove(self._directory, group, expected=ANY)
        self._told(group, None, None)

    def find(self, group: str) -> PeerGroup:
        return peer_groups.find(self._directory, group).group

    def _save(self, group: PeerGroup, expected: str | None) -> Stored:
        stored = peer_groups.save(self._directory, group, expected=expected)
        self._told(group.id, group, stored.revision)
        return stored

    async def _list(self) -> Any:
        stored = peer_groups.look(self._directory).stored
        return {"groups": [_view_of(each) for each in stored], "problems": []}

    async def _get(self, group: str) -> Any:
        return _view_of(peer_groups.find(self._directory, group))

    async def _put(self, group: str, request: Request) -> Any:
        given = await request.json()
        given.pop("revision", None)
        wanted = peer_groups.parse(json.dumps(given).encode(), file=f"{group}.json")
        expected = request.headers.get("if-match")
        stored = self._save(wanted, expected.strip('"') if expected else None)
        return JSONResponse(_view_of(stored), 200 if expected else 201)

    async def _delete(self, group: str, request: Request) -> Any:
        revision = request.headers["if-match"].strip('"')
        peer_groups.remove(self._directory, group, expected=revision)
        self._told(group, None, None)
        return Response(status_code=204)


def _view_of(stored: Stored) -> dict[str, Any]:
    view: dict[str, Any] = msgspec.to_builtins(stored.group)
    return {**view, "revision": stored.revision}


def change_of(group: str, revision: str | None) -> dict[str, Any]:
    """Make what the API says of a change."""
    return {"group": group, "revision": revision, "changed_ms": int(time.time() * 1_000)}
