"""What a file is, by its bytes."""

import pytest

from escalations.domain.file_types import FileRefused, detect

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64 + b"IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 64 + b"\xff\xd9"
GIF = b"GIF89a" + b"\x00" * 64 + b";"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"\x00" * 32
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\n%%EOF"
END = b"PK\x05\x06" + b"\x00" * 18
ZIP = b"PK\x03\x04" + b"\x00" * 26 + b"a.txt" + END
DOCX = b"PK\x03\x04" + b"\x00" * 26 + b"[Content_Types].xml" + END


@pytest.mark.parametrize(
    ("name", "data", "mime"),
    [
        ("shot.png", PNG, "image/png"),
        ("SHOT.JPEG", JPEG, "image/jpeg"),
        ("a.gif", GIF, "image/gif"),
        ("a.webp", WEBP, "image/webp"),
        ("a.pdf", PDF, "application/pdf"),
        ("a.zip", ZIP, "application/zip"),
        ("a.log.gz", b"\x1f\x8b\x08" + b"\x00" * 20, "application/gzip"),
        ("a.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.log", "Gerät 401 – old key\n".encode(), "text/plain; charset=utf-8"),
        ("latin.txt", "Gerät".encode("latin-1"), "text/plain; charset=utf-8"),
        ("shell.log", "PS C:\\> test\r\n".encode("utf-16"), "text/plain; charset=utf-8"),
        ("colour.log", b"\x1b[31merror\x1b[0m\n", "text/plain; charset=utf-8"),
        ("gateway.log", b"502 body: <html><body>Bad gateway</body></html>\n", "text/plain; charset=utf-8"),
    ],
)
def test_what_people_attach_is_taken(name, data, mime):
    assert detect(name=name, head=data[:8192], tail=data[-65557:]).mime == mime


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.txt", b"", "empty"),
        ("tool.exe", b"MZ\x90\x00\x03\x00", "does not take"),
        ("tool.png", b"MZ\x90\x00\x03\x00", "does not take"),
        ("tool.txt", b"\x7fELF\x02\x01\x01\x00", "does not take"),
        ("page.html", b"<!doctype html><script>alert(1)</script>", "program or a web page"),
        ("page.txt", b"\xef\xbb\xbf \n<SCRIPT>alert(1)</SCRIPT>", "program or a web page"),
        ("page.txt", "<html>".encode("utf-16"), "program or a web page"),
        ("drawing.svg", b"<svg onload=alert(1)>", "program or a web page"),
        ("drawing.xml", b"  <svg xmlns='x'/>", "program or a web page"),
        ("run.txt", b"#!/bin/sh\nrm -rf /\n", "program or a web page"),
        ("shot.pdf", PNG, "does not fit what is inside"),
        ("shot", PNG, "does not fit what is inside"),
        ("notes.png", b"only text", "does not fit what is inside"),
        ("shot.png.exe", PNG, "does not fit what is inside"),
        ("gifar.gif", GIF + ZIP, "two kinds of file at once"),
        ("gifar.png", PNG + ZIP, "two kinds of file at once"),
        ("a.pdf", PDF + ZIP, "two kinds of file at once"),
        ("a.gif", GIF[:6] + b"/*<script>alert(1)</script>*/", "two kinds of file at once"),
        ("a.jpg", JPEG[:4] + b"\xff\xfe%PDF-1.4", "two kinds of file at once"),
        ("cut.zip", b"PK\x03\x04" + b"\x00" * 40, "cut off"),
        ("a.docm", DOCX, "does not fit what is inside"),
        ("a.docx", ZIP, "does not fit what is inside"),
        ("a.docx", DOCX.replace(b"xml", b"xml vbaProject.bin"), "macros"),
        ("sound.mp3", b"ID3\x03\x00\x00\x00", "does not take"),
        ("broken.txt", b"\xff\xfe\x00\xd8\x41", "does not take"),
    ],
)
def test_the_rest_is_refused_with_a_reason(name, data, says):
    with pytest.raises(FileRefused, match=says):
        detect(name=name, head=data[:8192], tail=data[-65557:])


def test_an_archive_far_behind_a_picture_is_found():
    data = GIF + b"\x00" * 200_000 + END
    with pytest.raises(FileRefused, match="two kinds"):
        detect(name="a.gif", head=data[:8192], tail=data[-65557:])
