"""Pictures that wait for what was seen in them."""

from typing import Generic, TypeVar

# So many wait, 3 s at 10 Hz; the detector is never that far behind.
_MOST = 30

_Picture = TypeVar('_Picture')


class Pairs(Generic[_Picture]):
    """Keeps the newest pictures by their stamp, s, until their detections come.

    Each can be taken once, and none whose stamp is 0 or that of another one: where a driver does
    not stamp its pictures, or its clock stands still, nobody knows whose detections those are.
    """

    def __init__(self) -> None:
        self._pictures: dict[float, _Picture | None] = {}

    def hold(self, stamp: float, picture: _Picture) -> None:
        """Keep a picture."""
        alone = bool(stamp) and stamp not in self._pictures
        self._pictures[stamp] = picture if alone else None
        while len(self._pictures) > _MOST:
            del self._pictures[next(iter(self._pictures))]

    def take(self, stamp: float) -> _Picture | None:
        """Return the picture that detections of ``stamp`` are of, None where that is unknown."""
        picture = self._pictures.get(stamp)
        if picture is not None:
            self._pictures[stamp] = None
        return picture
