"""Moods: VADER's score becomes a word, at the thresholds of its authors."""

from __future__ import annotations

import pytest

from oddlot.quant import moods
from oddlot.quant.moods import mood_of


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("I love this stock, great results!", "bullish"),
        ("This is a terrible disaster. I hate it.", "bearish"),
        ("This is not good.", "bearish"),
        ("They publish results on Tuesday", None),
        ("", None),
    ],
)
def test_words_have_a_mood(text: str, mood: str | None) -> None:
    assert mood_of(text)[0] == mood


def test_only_the_beginning_is_read() -> None:
    assert mood_of("x " * moods.MAX_CHARACTERS + "terrible disaster") == (None, 0.0)


@pytest.mark.parametrize(
    ("score", "mood"), [(0.05, "bullish"), (0.0499, None), (-0.05, "bearish"), (-0.0499, None)]
)
def test_the_thresholds_are_vaders(
    score: float, mood: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Analyser:
        def polarity_scores(self, _text: str) -> dict[str, float]:
            return {"compound": score}

    monkeypatch.setattr(moods, "_analyser", Analyser)
    assert mood_of("whatever") == (mood, score)
