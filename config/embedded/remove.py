"""Stop this checkout's embedded servers and remove their data: `python -m config.embedded.remove`."""

import shutil
from pathlib import Path
from typing import get_args

from config.embedded import keeper, locate
from config.embedded.cluster import Variant


def main(checkout: Path) -> None:
    for variant in get_args(Variant):
        cluster = locate(checkout, variant)
        keeper.stop(cluster.data)
        shutil.rmtree(cluster.socket, ignore_errors=True)
        shutil.rmtree(cluster.base, ignore_errors=True)


if __name__ == "__main__":
    main(Path(__file__).resolve().parent.parent.parent)
