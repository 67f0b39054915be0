"""The commands of `python -m gpunit`, by subject; `gpunit.__main__` puts them together."""
