"""The layout for Foxglove shows topics that are recorded, in panels that it configures."""

import json

from sentinel_behavior.bag.topics import TOPICS
from sentinel_common.files import share

RECORDED = {f'/{topic.name.lstrip("/")}{"/compressed" if topic.image else ""}' for topic in TOPICS}


def layout():
    return json.loads(share('config/foxglove.json').read_text())


def test_every_topic_is_recorded():
    shown = set()
    for panel in layout()['configById'].values():
        shown |= {*panel.get('topics', {}), *panel.get('imageMode', {}).values()}
        shown |= {panel[key] for key in ('topicPath', 'topicToRender') if key in panel}
    assert shown <= RECORDED
    assert {'/robot_description', '/markers', '/status', '/diagnostics'} <= shown


def test_every_panel_is_configured():
    def panels(node):
        return [node] if isinstance(node, str) else panels(node['first']) + panels(node['second'])

    assert sorted(panels(layout()['layout'])) == sorted(layout()['configById'])
