"""HTTP -> pixels: the live dashboard."""
