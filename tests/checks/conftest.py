"""What the tests of the checks share: messages in English, and the zoo on the path."""

import sys
from pathlib import Path

import pytest

from pooling_lab.language import set_language

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def english():
    """Speak English in a test, unless it chooses."""
    set_language("en")
    yield
    set_language(None)
