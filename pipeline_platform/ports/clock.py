"""Port: the present instant, in UTC."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
