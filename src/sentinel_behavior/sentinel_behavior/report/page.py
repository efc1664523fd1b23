"""One HTML page with everything in it: no script, no other file, light and dark, desk and phone."""

import shlex
from pathlib import Path

import jinja2
from markupsafe import Markup

from ..incidents.recorder import PAGES
from . import figures, film, wording
from .cards import Album, card, data_url, lasting
from .place import place
from .summary import Summary, summarise
from .trends import trends

FILE, PERIOD_FILE = PAGES

# Of many visits the newest are shown, with one picture, the newest of all with several, and some
# unfolded; a page with more would no longer open on a phone.
_VISITS, _SEVERAL_PICTURES, _UNFOLDED = 40, 10, 3
_GALLERY = 24

# Fewer visits than this have no course over time.
_TREND_VISITS = 5


def render(summary: Summary, film_file: Path | None, *, marking: bool = False) -> str:
    """Return the page; pictures are read from the folder of the summary and annotated into it.

    ``marking``: with buttons that mark false alarms, for a page that is served.
    """
    album = Album(summary.folder)
    visits = summary.log.visits
    found = trends(summary)
    season = sum(not visit.false_alarm for visit in visits) >= _TREND_VISITS
    newest = visits[: -_VISITS - 1 : -1]
    gallery = [
        (visit, picture)
        for visit in reversed(visits)
        for picture in visit.pictures
        if picture.kind == 'crop'
    ]
    step = max(1, len(gallery) // _GALLERY)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader('sentinel_behavior', 'report'),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters['quoted'] = shlex.quote
    return environment.get_template('page.html.j2').render(
        folder=shlex.quote(str(summary.folder)),
        marking=marking,
        period=wording.period(summary.started, summary.ended),
        listened=wording.duration(summary.listened),
        verdict=figures.verdict(summary),
        tiles=figures.tiles(summary, found.loudest_hour),
        film=Markup(data_url(film_file.read_bytes(), 'webp')) if film_file else '',
        cards=[card(v, album, 3 if n < _SEVERAL_PICTURES else 1) for n, v in enumerate(newest)],
        unfolded=_UNFOLDED if season else _VISITS,
        hidden=len(visits) - len(newest),
        deterrents=figures.deterrents(summary),
        untold=figures.untold(summary),
        mistaken=bool(summary.actions_at_false_alarms),
        trends=figures.trends(found) if season else None,
        holds=[
            {
                'time': wording.moment(hold.begin, '%-d %b, %H:%M:%S'),
                'lasting': lasting(hold),
                'species': wording.name(hold.holds[0].species),
                'rules': [wording.name(rule) for rule in hold.rules],
                'reasons': [reason for reason in hold.reasons.values() if reason],
            }
            for hold in reversed(summary.holds)
        ],
        gallery=[
            {**shown, 'species': wording.name(visit.species)}
            for visit, picture in gallery[::step][:_GALLERY]
            if (shown := album.shown(picture))
        ],
        latency=figures.latency(summary),
        costs=figures.costs(summary.costs or {}),
        simulation=figures.flat(summary.simulation or {}),
        simulated=figures.tables(summary.simulation or {}),
    )


def write(folder: Path, *, since: float = float('-inf'), until: float = float('inf')) -> Path:
    """Make ``report.html``, ``pictures/`` and, where there are pictures for it, ``film.webp``.

    Of a part of the time page and film are ``report_period.html`` and ``film_period.webp``: what is
    about all of it stays as it is. Returns the page.

    Raises StoreError where there is no incident log.
    """
    return make(summarise(folder, since=since, until=until))[0]


def make(summary: Summary) -> tuple[Path, Path | None]:
    """See ``write``; returns the page and the film, where there is one."""
    film_file = film.make(summary.folder, summary.since, summary.until)
    page = place(summary.folder) / (FILE if summary.whole else PERIOD_FILE)
    page.write_text(render(summary, film_file), encoding='utf-8')
    return page, film_file
