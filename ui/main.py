"""What `panel serve ui` runs for each visitor.

    panel serve ui --plugins ui.assets --port 8050

The plugin serves the page's own scripts and the chart library.
"""

from __future__ import annotations

from ui import app

app.build().servable(title=app.title(app.PAGES[0]))
