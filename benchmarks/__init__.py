"""Performance claims, each measured against a named alternative in one run."""
