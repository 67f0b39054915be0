"""Serving the page: limits, a health route, and a stop that finishes the jobs in hand."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

from gpunit import memory, settings, zoo
from gpunit.images import MAX_BYTES
from gpunit.ui import theme, thumbnails
from gpunit.ui.examples import EXAMPLES_FOLDER
from gpunit.ui.i18n import I18N
from gpunit.ui.server import scratch
from gpunit.ui.server.guard import Gate, Guard
                "middleware": [Middleware(Guard, gate=self.gate)],
                "routes": [Route(HEALTH, self._health), Route(theme.SOCIAL_ROUTE, _social_picture)],
