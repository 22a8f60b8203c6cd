"""Examples: every topic has some, the sandbox's seed gives them, and they survive their codec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oddlot.contracts import topics
from oddlot.contracts.topics import Topic
from tests.example_messages import EXAMPLES, examples

FILES = sorted(path for path in EXAMPLES.glob("*/*") if path.is_file())


def shown(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


def rounded(payload: bytes) -> Any:
    return json.loads(payload, parse_float=lambda text: float(f"{float(text):.9g}"))


@pytest.mark.parametrize("topic", topics.ALL, ids=lambda topic: topic.name)
def test_every_topic_has_an_example(topic: Topic[Any]) -> None:
    assert any(path.parent.name == topic.name for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_an_example_comes_back_from_its_message_byte_for_byte(path: Path) -> None:
    codec = topics.BY_NAME[path.parent.name].codec
    payload = path.read_bytes()
    assert codec.encode(codec.decode(payload)) == payload


def test_examples_are_what_the_sandbox_gives() -> None:
    found = {example.path: example.payload for example in examples()}
    assert sorted(found) == [path.relative_to(EXAMPLES) for path in FILES]
    for path, payload in found.items():
        kept = (EXAMPLES / path).read_bytes()
        if path.suffix == ".json":  # the last bit of a sum is the processor's
            assert rounded(kept) == rounded(payload)
        else:  # prices and quantities are on their grids
            assert kept == payload
