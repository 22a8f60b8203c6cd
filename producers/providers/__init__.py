"""Providers of daily closes, one adapter each, and who is asked for what."""
