"""What `panel serve ui` runs for each visitor.

    panel serve ui --plugins ui.assets --port 8050

The plugin serves the page's own scripts and the chart library.
"""

from __future__ import annotations

from oddlot import settings
from ui import app

page = app.PAGES[0]
app.build(page, settings.load()).servable(title=app.title(page))
