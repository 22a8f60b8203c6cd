"""HTTP and WebSocket -> pixels: the live dashboard."""
