"""The words of a post -> its mood, as VADER reads it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from oddlot.contracts.social import Mood

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

# The thresholds that VADER's authors recommend for the compound score.
BULLISH_FROM, BEARISH_TO = 0.05, -0.05
# VADER was made for short messages; a long text saturates at 1, and takes milliseconds.
MAX_CHARACTERS = 500


def mood_of(text: str) -> tuple[Mood | None, float]:
    """Read the mood of a text.

    VADER is a list of rated words with rules for negation and emphasis, made for social media in
    general. It knows nothing of puts, squeezes or the moon, so its moods are always labelled.

    Parameters
    ----------
    text : plain text; its first 500 characters are read.

    Returns
    -------
    the mood, None between the thresholds, and VADER's compound score from -1 to 1.

    References
    ----------
    Hutto & Gilbert (2014), VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
    Media Text.

    Examples
    --------
    >>> mood_of("Great earnings, I love this company!")[0]
    'bullish'
    >>> mood_of("The filing is 40 pages long.")
    (None, 0.0)
    """
    score = _analyser().polarity_scores(text[:MAX_CHARACTERS])["compound"]
    if score >= BULLISH_FROM:
        return "bullish", score
    if score <= BEARISH_TO:
        return "bearish", score
    return None, score


@cache
def _analyser() -> SentimentIntensityAnalyzer:
    """Load the lexicon at the first use: it takes a fifth of a second."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
