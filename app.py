"""GP-UNIT Explorer: `python app.py`, then open the address it prints.  Also the entry point on Hugging Face Spaces."""

from __future__ import annotations

from gpunit.ui.launch import main

if __name__ == "__main__":
    main()
