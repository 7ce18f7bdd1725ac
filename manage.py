#!/usr/bin/env python
"""Run one of Belay's commands: `python manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line

from config import processes


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    processes.prepare_command(sys.argv)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
