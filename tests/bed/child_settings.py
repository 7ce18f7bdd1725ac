"""Settings of a command that a test starts as a process of its own, on that test's database."""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"].update(json.loads(os.environ["BELAY_TEST_DATABASE"]))
EMBEDDED_DATABASE = False  # the test holds it
EMAIL_BACKEND = "tests.bed.mailbox.FolderBackend"
EMAIL_FILE_PATH = os.environ["BELAY_TEST_MAILBOX"]
