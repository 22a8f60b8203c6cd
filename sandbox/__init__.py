"""A stand-in outside world on loopback, speaking the real wire formats."""
