"""One machine: the embedded broker and store, and the supervisor of the six roles."""
