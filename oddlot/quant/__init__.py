"""Pure maths: no clock, no environment, no logging, no I/O."""
