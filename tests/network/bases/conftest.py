"""Lets the tests import the questions beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
