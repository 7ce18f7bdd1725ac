"""A mail server that keeps every arrival as a file, so that arrivals from processes that were killed count too."""

import time
import uuid
from collections import Counter
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend


class FolderBackend(BaseEmailBackend):
    """Each message becomes `<Message-ID>--<arrival>` in settings.EMAIL_FILE_PATH, after as long as a server takes."""

    seconds = 0.002

    def send_messages(self, email_messages):
        for message in email_messages:
            key = message.message()["Message-ID"].strip("<>").partition("@")[0]
            (Path(settings.EMAIL_FILE_PATH) / f"{key}--{uuid.uuid4().hex}").touch()
            time.sleep(self.seconds)
        return len(email_messages)


def arrivals(folder: Path) -> Counter[str]:
    """How often each key arrived. A provider that knows its keys takes the first of each."""
    return Counter(path.name.partition("--")[0] for path in folder.iterdir())
