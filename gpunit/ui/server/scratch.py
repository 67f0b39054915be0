"""The files that visitors are sent: pictures that the page shows, and results to download.

They lie in the folder that Gradio serves (`get_upload_folder`), where it takes them as they are.  A picture's file is
named by its content, so everyone who opens the page is sent the same files.  It is written once, beside its name, and
renamed: a file that is being sent never changes.  Gradio's own writer opens the file anew for every answer, and who is
being sent it then gets another number of bytes than was announced.

What no one has asked for in `KEPT_SECONDS` is swept away, and what was asked for longest ago, as long as all files take
more than they may; being handed out, or sent back as an input, counts as asking.
"""

from __future__ import annotations

import hashlib
import io
MOST_LETTERS = 80  # of a file's name
_NAME = "gpunit_name"
