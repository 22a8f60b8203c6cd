"""Sources of headlines, and what is read from them."""
