"""One picture of the film: what the robot sees, what happens in the garden, and what it thinks."""

from dataclasses import dataclass, replace

from PIL import Image, ImageDraw, ImageOps
from sentinel_common.detections import Box, Frame

from .pictures import (
    Pixels,
    annotate,
    boxes_in,
    color,
    font,
    mosaic,
    persons,
    to_rgb,
    without_persons,
)

PANE = (640, 480)
_BAR = 64
_LONGEST = 300  # characters, more than the bar holds
SIZE = (PANE[0] * 2, PANE[1] + _BAR)

_INK, _MUTED, _BACK = (240, 242, 245), (150, 157, 166), (18, 21, 26)

# Colour of the state's pill, RGB.
_STATES = {
    'engaging': (255, 176, 32),
    'observing': (86, 180, 233),
    'holding_fire': (230, 70, 70),
    'fault': (230, 70, 70),
    'watching': (70, 190, 130),
}
_OTHER_STATE = (120, 127, 136)

# Rule that holds also while nobody is there, and then tells nothing.
_NOBODY_SURE = 'unsure_target'


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What stands under the pictures; ``elapsed`` is seconds since the film began."""

    elapsed: float
    state: str
    species: str
    probability: float
    deterrent: str
    explanation: str
    sound: str
    rules: tuple[str, ...]


def compose(
    eye: Pixels, frame: Frame, garden: Pixels | None, caption: Caption, *, withhold: bool = True
) -> Image.Image:
    """Put one picture of the film together.

    Args:
        eye: the camera's picture (height, width, 3) BGR.
        frame: what was seen in that very picture.
        garden: a view from outside, BGR, or None.
        caption: what the bar below says.
        withhold: where there is a hint of a person, blur all of the camera's picture, and not just
            the place of the hint.

    Returns:
        An RGB picture of ``SIZE``.

    """
    film = Image.new('RGB', SIZE, _BACK)
    hidden = withhold and bool(persons(frame))
    pane = _fitted(mosaic(eye) if hidden else without_persons(eye, frame))
    whole = Box(0, 0, eye.shape[1], eye.shape[0])
    drawn = replace(frame, glimpses=())  # a glimpse is a doubt and hides; it tells nothing
    annotate(pane, boxes_in(drawn, whole), pane.width / eye.shape[1])
    _paste(film, pane, 0)
    if hidden:
        text = 'perhaps a person: picture withheld'
        _chip(film, (PANE[0] // 2, PANE[1] - 20), text, anchor='mm')
    _chip(film, (10, PANE[1] - 12), 'what the robot sees', anchor='lm')
    if garden is None:
        place = (PANE[0] * 1.5, PANE[1] / 2)
        ImageDraw.Draw(film).text(place, 'no outside view', _MUTED, font(20), anchor='mm')
    else:
        _paste(film, _fitted(garden), PANE[0])
        _chip(film, (PANE[0] + 10, PANE[1] - 12), 'the garden', anchor='lm')
    ImageDraw.Draw(film).line((PANE[0], 0, PANE[0], PANE[1]), fill=_BACK, width=4)
    _bar(film, caption)
    return film


def _fitted(pixels: Pixels) -> Image.Image:
    """RGB picture of ``pixels``, as large as the pane holds without another aspect ratio."""
    return ImageOps.contain(to_rgb(pixels), PANE)


def _paste(film: Image.Image, picture: Image.Image, left: int) -> None:
    """Put ``picture`` into the middle of the pane that begins at ``left``."""
    film.paste(picture, (left + (PANE[0] - picture.width) // 2, (PANE[1] - picture.height) // 2))


def _chip(film: Image.Image, place: tuple[int, int], text: str, anchor: str) -> None:
    draw = ImageDraw.Draw(film)
    if anchor == 'lm':
        place = (place[0], place[1] - 8)
    left, top, right, bottom = draw.textbbox(place, text, font(15), anchor=anchor)
    draw.rounded_rectangle((left - 7, top - 6, right + 7, bottom + 6), 5, fill=_BACK)
    draw.text(place, text, _INK, font(15), anchor=anchor)


def _bar(film: Image.Image, caption: Caption) -> None:
    draw = ImageDraw.Draw(film)
    upper, lower = PANE[1] + 20, PANE[1] + 46
    minutes, seconds = divmod(caption.elapsed, 60)
    draw.text((14, upper), f'{minutes:.0f}:{seconds:04.1f}', _INK, font(22), anchor='lm')

    state = caption.state.replace('_', ' ') or 'starting'
    wide = draw.textlength(state, font(18))
    pill = (98, PANE[1] + 7, 98 + wide + 20, PANE[1] + 33)
    draw.rounded_rectangle(pill, 13, fill=_STATES.get(caption.state, _OTHER_STATE))
    draw.text((108, upper), state, _BACK, font(18), anchor='lm')

    x = pill[2] + 22
    parts = []
    if caption.species:
        name = caption.species.replace('_', ' ')
        parts.append((f'{name} {caption.probability:.0%}', color(caption.species)))
    if caption.deterrent:
        parts.append((caption.deterrent.replace('_', ' '), _INK))
    for text, tint in parts:
        draw.text((x, upper), text, tint, font(20), anchor='lm')
        x += draw.textlength(text, font(20)) + 26
    if caption.sound:
        _speaker(draw, x, upper)
        draw.text((x + 32, upper), caption.sound.replace('_', ' '), _INK, font(20), anchor='lm')
    rules = [rule for rule in caption.rules if caption.species or rule != _NOBODY_SURE]
    if rules:
        text = 'forbidden by ' + ', '.join(rule.replace('_', ' ') for rule in rules[:2])
        draw.text((SIZE[0] - 14, upper), text, _STATES['holding_fire'], font(17), anchor='rm')
    explanation = _fit(draw, caption.explanation.replace('_', ' '))
    draw.text((14, lower), explanation, _MUTED, font(16), anchor='lm')


def _speaker(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    """Draw a loudspeaker with two waves: the font has no such sign."""
    draw.polygon(
        [
            (x, y - 4),
            (x + 5, y - 4),
            (x + 12, y - 10),
            (x + 12, y + 10),
            (x + 5, y + 4),
            (x, y + 4),
        ],
        fill=_INK,
    )
    for radius in (8, 14):
        circle = (x + 10 - radius, y - radius, x + 10 + radius, y + radius)
        draw.arc(circle, -45, 45, fill=_INK, width=2)


def _fit(draw: ImageDraw.ImageDraw, text: str) -> str:
    """Return ``text``, cut where it would leave the bar."""
    room = SIZE[0] - 28
    if len(text) < _LONGEST and draw.textlength(text, font(16)) <= room:
        return text
    text = text[:_LONGEST]
    while draw.textlength(text + '...', font(16)) > room:
        text = text[:-1]
    return text + '...'
