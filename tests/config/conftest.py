"""Checkouts and holders for the tests of the embedded PostgreSQL."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded import Cluster, locate, remove
from tests.bed.clusters import Holder


@pytest.fixture
def holder() -> Iterator[Callable[[Path], Holder]]:
    started: list[Holder] = []

    def start(checkout: Path) -> Holder:
        started.append(Holder(checkout))
        return started[-1].wait_until_held()

    yield start
    for each in started:
        each.kill()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, for checkouts. What runs in it is stopped and removed."""
    with tempfile.TemporaryDirectory(prefix="belay-") as name:
        yield Path(name).resolve()
        for checkout in Path(name).iterdir():
            if (checkout / ".belay").exists():
                remove.main(checkout)


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A checkout for tests that leave its cluster whole. Made once: initdb takes a second."""
    with tempfile.TemporaryDirectory(prefix="belay-") as name:
        yield Path(name).resolve()
        remove.main(Path(name))


@pytest.fixture
def empty_checkout(folder: Path) -> Path:
    path = folder / "here"
    path.mkdir()
    return path


@pytest.fixture
def own_checkout(empty_checkout: Path, held: Cluster) -> Path:
    """A checkout to be treated badly, with a copy of the other one's cluster."""
    held.release()
    cluster = locate(empty_checkout, "test")
    cluster.account.own(cluster.base)
    subprocess.run(["cp", "-a", str(held.home), str(cluster.home)], check=True)
    return empty_checkout


@pytest.fixture
def held(checkout: Path) -> Iterator[Cluster]:
    cluster = locate(checkout, "test")
    cluster.hold()
    yield cluster
    cluster.release()
