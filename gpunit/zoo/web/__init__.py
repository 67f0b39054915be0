"""Translators as a static page: folders of files that any web server hands out, and that translate in the browser."""

from gpunit.zoo.web.site import WebExport, export_web

__all__ = ["WebExport", "export_web"]
