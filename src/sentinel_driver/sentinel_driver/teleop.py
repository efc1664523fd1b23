"""From keys to velocities with a dead-man: the robot moves only while a key is held. Core."""

from sentinel_common.geometry import STOP, Twist

# A terminal tells of presses, not of releases: a held key repeats after an initial pause (0.25 to
# 0.6 s on common desktops) every 0.03 to 0.1 s. A first press holds over that pause, a repeated
# one only until the next repeat is overdue, s.
FIRST_HOLD = 0.65
REPEAT_HOLD = 0.2

KEYS = {
    'w': Twist(vx=1.0),
    's': Twist(vx=-1.0),
    'a': Twist(vy=1.0),
    'd': Twist(vy=-1.0),
    'q': Twist(wz=1.0),
    'e': Twist(wz=-1.0),
}

_FASTER, _SLOWER = '+', '-'
_STEP = 0.1


class Keys:
    """The keyboard as a dead-man switch; ``scale`` 0.1..1 of the full speeds."""

    def __init__(self, full_speed: float, full_turn: float, scale: float = 0.5) -> None:
        self._full_speed = full_speed
        self._full_turn = full_turn
        self.scale = scale
        self._key = ''
        self._until = 0.0

    def press(self, key: str, now: float) -> None:
        """Take a key; one without a meaning stops."""
        if key in (_FASTER, _SLOWER):
            change = _STEP if key == _FASTER else -_STEP
            self.scale = round(min(1.0, max(_STEP, self.scale + change)), 1)
            return
        if key not in KEYS:
            self._key = ''
            return
        repeats = key == self._key and now < self._until
        self._key = key
        self._until = now + (REPEAT_HOLD if repeats else FIRST_HOLD)

    def velocity(self, now: float) -> Twist:
        """Return what is asked for now."""
        if not self._key or now >= self._until:
            self._key = ''
            return STOP
        way = KEYS[self._key]
        speed, turn = self.scale * self._full_speed, self.scale * self._full_turn
        return Twist(way.vx * speed, way.vy * speed, way.wz * turn)
