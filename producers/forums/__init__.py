"""What reading Reddit and Stocktwits takes: calls, pace, bodies, what was read, what is said."""
