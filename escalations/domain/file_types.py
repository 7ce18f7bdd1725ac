"""What kind of file some bytes are. Decided by the bytes; the name must agree, and what the sender claims is ignored.

Only kinds are taken that browsers do not run and that people attach to tickets. Archives are kept as they are:
nothing here, or anywhere else, unpacks them.
"""

import re
from dataclasses import dataclass

TEXT_ENDINGS = frozenset({"txt", "log", "csv", "tsv", "json", "md", "har", "eml", "yaml", "yml", "ini", "conf", "xml"})
OFFICE_ENDINGS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
ALLOWED_WORDS = "Pictures (PNG, JPEG, GIF, WebP), PDF, text and logs, Word, Excel, PowerPoint, ZIP and GZ"
# The end record of a ZIP stands in the last 22 bytes and a comment of at most 65,535.
TAIL_BYTES = 65_557
HEAD_BYTES = 8_192

_TAGS = rb"<\s*(!doctype\s+html|html|head|body|script|svg|iframe|object|embed|\?php|\?xml-stylesheet)"
_MARKUP = re.compile(_TAGS, re.I)
_IS_MARKUP = re.compile(rb"\s*" + _TAGS, re.I)
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_BOMS = (b"\xff\xfe", b"\xfe\xff")


class FileRefused(Exception):
    """The file cannot be taken. The text says what it is and what to do instead."""


@dataclass(frozen=True, slots=True)
class FileType:
    """`mime` is what it is served as; `endings` are the names it may go by; `sign` is its icon."""

    mime: str
    endings: frozenset[str]
    sign: str = "file"


PNG = FileType("image/png", frozenset({"png"}), "photo")
JPEG = FileType("image/jpeg", frozenset({"jpg", "jpeg"}), "photo")
GIF = FileType("image/gif", frozenset({"gif"}), "photo")
WEBP = FileType("image/webp", frozenset({"webp"}), "photo")
PDF = FileType("application/pdf", frozenset({"pdf"}), "file-type-pdf")
ZIP = FileType("application/zip", frozenset({"zip"}), "file-zip")
GZIP = FileType("application/gzip", frozenset({"gz"}), "file-zip")
TEXT = FileType("text/plain; charset=utf-8", TEXT_ENDINGS, "file-text")
SIGNS = {kind.mime: kind.sign for kind in (PNG, JPEG, GIF, WEBP, PDF, ZIP, GZIP, TEXT)}


def sign_of(mime: str) -> str:
    """The icon of a stored file."""
    return SIGNS.get(mime, "file-spreadsheet" if "spreadsheet" in mime else "file")


def ending_of(name: str) -> str:
    """`log` of `gateway.LOG`, empty when there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def detect(*, name: str, head: bytes, tail: bytes) -> FileType:
    """The kind of a file by its first `HEAD_BYTES` and last `TAIL_BYTES`. Raises FileRefused.

    A file that is two kinds at once (a picture with an archive behind it) is refused: whoever opens it cannot know
    which of them they get.
    """
    if not head:
        raise FileRefused("The file is empty.")
    kind = _by_content(head, tail, ending_of(name))
    if ending_of(name) not in kind.endings:
        names = ", ".join(f".{ending}" for ending in sorted(kind.endings))
        raise FileRefused(f"Its name does not fit what is inside. A file like this ends in {names}.")
    return kind


def _by_content(head: bytes, tail: bytes, ending: str) -> FileType:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(head, tail, ending)
    if head.startswith(b"\x1f\x8b\x08"):
        return GZIP
    picture = _picture(head)
    if picture or head.startswith(b"%PDF-"):
        _check_one_kind(head, tail, is_pdf=picture is None)
        return picture or PDF
    return _text(head, tail)


def _picture(head: bytes) -> FileType | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    return WEBP if head.startswith(b"RIFF") and head[8:12] == b"WEBP" else None


def _check_one_kind(head: bytes, tail: bytes, *, is_pdf: bool) -> None:
    hidden = b"PK\x05\x06" in tail or (not is_pdf and (b"%PDF-" in head or _MARKUP.search(head)))
    if hidden:
        raise FileRefused("It is two kinds of file at once. Save it anew, or attach the parts one by one.")


def _archive(head: bytes, tail: bytes, ending: str) -> FileType:
    if b"PK\x05\x06" not in tail:
        raise FileRefused("The archive is cut off. Attach it again.")
    is_office = b"[Content_Types].xml" in head or b"[Content_Types].xml" in tail
    if is_office and b"vbaProject.bin" in head + tail:
        raise FileRefused("It holds macros. Save it without them, or attach a PDF of it.")
    if is_office and ending in OFFICE_ENDINGS:
        return FileType(OFFICE_ENDINGS[ending], frozenset({ending}), sign_of(OFFICE_ENDINGS[ending]))
    return ZIP


def _text(head: bytes, tail: bytes) -> FileType:
    if head.startswith(_BOMS):
        head, tail = _from_utf16(head), b""
    if _BINARY.search(head) or _BINARY.search(tail):
        raise FileRefused(f"Belay does not take this kind of file. {ALLOWED_WORDS} can be attached.")
    # A log may quote a page; what begins as one, or as a script, is one.
    if head.startswith(b"#!") or _IS_MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise FileRefused("It can run as a program or a web page. Attach a picture of it, or put it into a ZIP.")
    return TEXT


def _from_utf16(head: bytes) -> bytes:
    try:
        return head[: len(head) // 2 * 2].decode("utf-16").encode("utf-8", "replace")
    except UnicodeDecodeError as error:
        raise FileRefused(f"Belay does not take this kind of file. {ALLOWED_WORDS} can be attached.") from error
