"""The figures as plain text for a terminal."""

from collections import Counter

from .summary import Summary
from .wording import SILENCE, counted, duration, median, period, plural


def rows(summary: Summary) -> list[tuple[str, str]]:
    """Return the figures as (name, value); what did not happen is said, not left out."""
    targets = summary.targets
    found = [('visits to keep away', str(len(targets)) if targets else 'none')]
    if targets:
        outcomes = [counted(summary.outcomes)] if summary.outcomes else []
        if summary.left_alone:
            outcomes.append(f'{summary.left_alone} more left alone: a hold-out, or not armed')
        if summary.unknown_ends:
            outcomes.append(f'{summary.unknown_ends} with unknown end')
        found += [
            ('repelled', f'{summary.repelled} of {summary.answerable} ({"; ".join(outcomes)})'),
            ('time to first stimulus', median(summary.times_to_stimulus) or 'nothing was done'),
            ('time to departure', median(summary.times_to_departure) or 'none was repelled'),
        ]
    total = summary.actions.total()
    found.append(('actions', f'{total} ({counted(summary.actions)})' if total else 'none'))
    if summary.cut_short:
        rules = Counter(str(r) for s in summary.cut_short for r in s.end_detail.get('rules', ()))
        found.append(('cut short by the guard', f'{len(summary.cut_short)} ({counted(rules)})'))
    found.append(('at people or pets', str(len(summary.actions_at_household))))
    if summary.others:
        found.append(('other visits', counted(summary.others)))
    if summary.false_alarms:
        actions = plural(len(summary.actions_at_false_alarms), 'action')
        found.append(('false alarms (marked)', f'{len(summary.false_alarms)} ({actions})'))
    holds = len(summary.holds)
    found.append(('held fire', f'{holds} ({counted(summary.rules)})' if holds else 'never'))
    found.append(('noise made', duration(summary.noise) if summary.noise else 'none'))
    beds = (summary.simulation or {}).get('raccoon_seconds_in_beds')
    if isinstance(beds, int | float):
        found.append(('raccoons in the beds', f'{duration(beds)} (told by the simulator)'))
    quantiles = summary.latency_quantiles()
    if quantiles:
        text = ', '.join(f'{key} {duration(value)}' for key, value in quantiles.items())
        found.append(('picture to radio', f'{text} ({len(summary.latency)} commands)'))
    return found


def table(summary: Summary) -> str:
    """Return the aligned table, ending with a newline."""
    if summary.silent:
        return f'{SILENCE}\n'
    lines = [f'{period(summary.started, summary.ended)}, listened {duration(summary.listened)}', '']
    if not summary.log.visits:
        lines += [
            'No visit began: an animal counts once it walked, or was clear in many images.',
            '',
        ]
    figures = rows(summary)
    wide = max(len(label) for label, _ in figures)
    lines += [f'  {label:<{wide}}  {value}' for label, value in figures]
    return '\n'.join(lines) + '\n'
