import mujoco
import numpy as np
import pytest
from sentinel_sim.animals import catalog
from sentinel_sim.animals.puppet import Puppet, posture
from sentinel_sim.camera_model import CameraModel, Lens
from sentinel_sim.render import Labeler

from sentinel_sim import garden, lighting, scenarios, world


@pytest.fixture(scope='module')
def stage():
    """A bare lawn with one raccoon and a camera at the height of the robot's eye."""
    spec = mujoco.MjSpec()
    getattr(spec.visual, 'global').offwidth, getattr(spec.visual, 'global').offheight = 640, 480
    spec.stat.extent = 3.0
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[20, 20, 1])
    puppet = Puppet('raccoon', catalog.animal('raccoon', 0))
    puppet.add(spec)
    spec.worldbody.add_camera(name='eye', pos=[0, 0, 0.105], xyaxes=[0, -1, 0, 0, 0, 1], fovy=45)
    model = spec.compile()
    data = mujoco.MjData(model)
    puppet.bind(model)
    renderer = mujoco.Renderer(model, 480, 640)
    yield model, data, puppet, Labeler(renderer, [puppet])
    renderer.close()


def place(stage, x, y, yaw, pose='walk'):
    model, data, puppet, _ = stage
    puppet.place(model, data, np.array([x, y, 0.0]), yaw, posture(pose, puppet.anatomy, 0.3))
    mujoco.mj_forward(model, data)


@pytest.mark.parametrize(
    ('x', 'y', 'pose'), [(1.5, 0.1, 'walk'), (3.0, -0.8, 'forage'), (4.0, 1.0, 'rear')]
)
def test_rendered_label_agrees_with_projected_geometry(stage, x, y, pose):
    place(stage, x, y, 1.8, pose)
    model, data, puppet, labeler = stage
    (label,) = labeler.labels(data, 'eye')
    eye = np.array([0, 0, 0.105])
    local = (puppet.outline(model, data, 100000) - eye) @ np.array(
        [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
    )
    pixels = CameraModel(np.random.default_rng(0), size=(640, 480), fovy=45).project(local)
    left, top, width, height = label.box
    assert [left, top] == pytest.approx(pixels.min(0), abs=2)
    assert [left + width, top + height] == pytest.approx(pixels.max(0), abs=2)
    assert label.visible > 0.9  # all but claws and the end of a tail in the lawn


@pytest.mark.parametrize('phase', [0.0, 0.2, 0.45, 0.8])
def test_walking_feet_stay_where_they_stand(stage, phase):
    model, data, puppet, _ = stage
    a = puppet.anatomy
    limb = next(limb for limb in a.limbs if limb.name == 'hl')

    def sole(at):
        pose = posture('walk', a, at)
        # A phase further means that the body went on by that share of a stride.
        puppet.place(model, data, np.array([at * a.stride, 0.0, 0.0]), 0.0, pose)
        mujoco.mj_kinematics(model, data)
        body = model.body(f'animal/raccoon/{limb.lower}').id
        return data.xmat[body].reshape(3, 3) @ (limb.sole - limb.knee) + data.xpos[body]

    begin, end = sole(phase), sole(phase + 0.05)
    if phase + 0.05 < 0.62:
        assert end[:2] == pytest.approx(begin[:2], abs=0.004)
        assert end[2] == pytest.approx(0.0, abs=0.012)
    else:
        assert end[0] - begin[0] > 0.01
        assert end[2] > 0.005


def test_distorted_labels_follow_the_distorted_picture(stage):
    place(stage, 1.6, -0.55, 1.2)
    model, data, puppet, labeler = stage
    lens = CameraModel(np.random.default_rng(0), size=(640, 480), fovy=45, lens=Lens(-0.25, 0.05))
    (label,) = labeler.labels(data, 'eye', lens)
    local = (puppet.outline(model, data, 100000) - [0, 0, 0.105]) @ np.array(
        [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
    )
    pixels = lens.project(local)
    left, top, width, height = label.box
    assert [left, top] == pytest.approx(np.clip(pixels.min(0), 0, 640), abs=3)
    assert [left + width, top + height] == pytest.approx(pixels.max(0).clip(0, [640, 480]), abs=3)


def test_exposure_lifts_a_dark_picture_and_saves_a_bright_one():
    rng = np.random.default_rng(0)
    dark = np.full((480, 640, 3), 60, np.uint8)
    bright = np.full((480, 640, 3), 250, np.uint8)
    for picture, better in ((dark, np.greater), (bright, np.less)):
        taken = CameraModel(rng, size=(640, 480), fovy=45).take(picture, 'ir')
        assert better(taken.mean(), picture.mean())


def test_infrared_picture_is_grey_and_day_is_not():
    w = world.World(scenarios.load('raccoon_day'), 1)
    day = w.eye().astype(int)
    w.close()
    w = world.World(scenarios.load('raccoon_night'), 1)
    night = w.eye().astype(int)
    w.close()
    assert (night[..., 0] == night[..., 1]).all() and (night[..., 0] == night[..., 2]).all()
    assert np.abs(day[..., 0] - day[..., 2]).mean() > 10


def run_night(seconds):
    w = world.World(scenarios.load('raccoon_night'), 7)
    w.mekamon.handle(bytes((6, 0, 60, 0)))  # whatever it does with it, twice the same
    pictures = []
    for i in range(round(seconds / w.control_step)):
        w.sound = ('bark', 0.8) if i > 400 else None
        w.step()
        if i % 100 == 99:
            pictures.append(w.eye())
    result = w.truth(), w.robot(), pictures
    w.close()
    return result


def test_same_seed_same_night_bit_for_bit():
    (truth1, robot1, pictures1), (truth2, robot2, pictures2) = run_night(10), run_night(10)
    assert truth1 == truth2
    assert (robot1.joints == robot2.joints).all() and (robot1.position == robot2.position).all()
    assert all((a == b).all() for a, b in zip(pictures1, pictures2, strict=True))


def test_an_animal_may_be_called_as_something_else_in_the_garden():
    names = ('world', 'robot', 'fixed', 'spectator', 'lawn')
    visitors = [{'kind': 'rabbit', 'name': name} for name in names]
    table = {'about': 'x', 'duration': 9, 'light': 'ir', 'animals': visitors}
    garden_night = world.World(scenarios.parse('mine', table, 'mine.yaml'), 1)
    bodies = [puppet.geoms for puppet in garden_night.puppets.values()]
    assert all(bodies) and len(frozenset.union(*bodies)) == sum(map(len, bodies))


def test_boxes_of_the_world_lie_on_the_animal():
    w = world.World(scenarios.load('raccoon_night'), 1)
    while w.night.time < 14:
        w.step()
    (seen,) = w.boxes()
    x, y, width, height = (round(v) for v in seen.box)
    picture = w.eye().astype(float)
    w.close()
    assert seen.species == 'raccoon'
    inside = picture[y : y + height, x : x + width].mean()
    above = picture[y - height : y, x : x + width].mean()
    assert inside > 1.3 * above  # lit fur before the dark


def test_labels_of_the_world_show_what_its_boxes_hold():
    w = world.World(scenarios.load('raccoon_night'), 1)
    assert w.labels() == []
    while w.night.time < 14:
        w.step()
    (seen,), (label,) = w.boxes(), w.labels()
    w.close()
    assert (label.name, label.species) == (seen.name, 'raccoon')
    x, y, width, height = seen.box
    left, top, wide, high = label.box
    assert x - 2 <= left and left + wide <= x + width + 2
    assert y - 2 <= top and top + high <= y + height + 2
    assert 0.3 < label.visible <= 1.0


def test_robot_walks_when_its_firmware_is_told_to():
    from sentinel_driver.hermes import Command

    w = world.World(scenarios.load('raccoon_day'), 1)
    start = w.robot().position.copy()
    w.mekamon.handle(bytes((Command.TRANSFORM, 3, 60, 0, 0)))
    for _ in range(100):
        w.step()
    moved = w.robot().position - start
    truth = w.truth()
    w.close()
    assert moved[0] > 0.1
    assert truth['robot']['falls'] == 0


def test_garden_is_the_same_for_the_same_seed():
    first, second, other = (garden.build(s).compile() for s in (3, 3, 4))
    assert (first.geom_pos == second.geom_pos).all()
    assert first.ngeom != other.ngeom or (first.geom_pos != other.geom_pos).any()


def test_lamp_is_lit_only_in_lamp_light():
    w = world.World(scenarios.load('raccoon_night'), 1)
    lamp = w.model.light('robot/lamp').id
    for condition in scenarios.HOURS:
        lighting.apply(w.model, condition, 'robot/lamp')
        assert bool(w.model.light_active[lamp]) == (condition in ('ir', 'torch'))


@pytest.mark.parametrize(
    ('color', 'shines'), [((0, 0, 0), False), ((64, 191, 255), False), ((255, 255, 255), True)]
)
def test_only_a_head_brighter_than_at_rest_is_a_light(color, shines):
    night = world.World(scenarios.load('raccoon_night'), 1)
    night.mekamon.handle(bytes([46, *color]))
    assert (night.bodies[0].sentinel().light > 0.1) == shines
    night.close()
