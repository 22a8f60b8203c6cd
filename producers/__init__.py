"""The outside world -> raw topics."""
