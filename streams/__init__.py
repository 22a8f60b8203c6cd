"""Topics -> topics and tables: the Faust agents."""
