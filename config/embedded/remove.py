"""Stop this checkout's embedded servers and remove their data: `python -m config.embedded.remove`."""

import shutil
from pathlib import Path
from typing import get_args

from config.embedded import keeper, locate
from config.embedded.cluster import Variant


def main(checkout: Path) -> None:
    clusters = [locate(checkout, variant) for variant in get_args(Variant)]
    for cluster in clusters:  # all of them first: they share a folder
        keeper.stop(cluster.data)
    for cluster in clusters:
        shutil.rmtree(cluster.socket, ignore_errors=True)
        shutil.rmtree(cluster.base, ignore_errors=True)


if __name__ == "__main__":
    main(Path(__file__).resolve().parent.parent.parent)
