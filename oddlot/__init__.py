"""Oddlot finds the odd one of the lot, live: the language that its rooms share."""
