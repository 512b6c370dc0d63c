"""Opens what is not plain text: workbooks, archives and files of fixed width become text before anybody reads rows."""

from __future__ import annotations

#: The kind of work that opens a file.
OPEN = "open_upload"
