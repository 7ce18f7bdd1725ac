"""What an installation without settings makes for itself and keeps in `.belay/`."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def private_directory(path: Path) -> Path:
    """Make `path` (readable by its owner only, when it is new) and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_once(path: Path, text: str) -> str:
    """Write `text` unless the file exists; return what the file holds. Safe between processes."""
    private_directory(path.parent)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    try:
        os.link(draft, path)  # fails if another process was first, and never shows half a file
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()


def secret_key(state_dir: Path, *, allowed: bool) -> str:
    """The key of this checkout's demo. An installation with its own database must bring its own key."""
    if not allowed:
        raise ImproperlyConfigured("SECRET_KEY must be set when DATABASE_URL is set.")
    path = state_dir / "secret_key"
    return path.read_text() if path.exists() else write_once(path, secrets.token_urlsafe(50))
