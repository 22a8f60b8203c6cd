"""Tables and signal topics -> HTTP, WebSocket, SSE."""
