"""Make the robot's visual meshes: facetted armour as convex hulls of hand-placed points.

Run without arguments; writes binary STL files (metres) beside this file. Every hull is given in the
frame of its link: x along the leg for leg parts, x forward for the body.
"""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull

Points = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.float64]  # (n, 3 corners, 3 coordinates)

# Edges are broken by this much, m, as on an injection-moulded part: it is what catches the light.
BEVEL = 0.0012


def mirrored(points: list[tuple[float, float, float]]) -> Points:
    """The points together with their mirror images across y = 0."""
    half = np.array(points, dtype=float)
    return np.concatenate([half, half * [1, -1, 1]])


def hull(points: Points, bevel: float = BEVEL) -> Triangles:
    """Triangles of the convex hull of ``points`` with broken edges, normals outwards."""
    centre = points.mean(axis=0)
    scale = 1 - bevel / np.maximum(np.abs(points - centre).max(axis=0), bevel * 2)
    corners = centre + (points - centre) * scale
    octahedron = np.concatenate([np.eye(3), -np.eye(3)]) * bevel
    cloud = (corners[:, None] + octahedron[None]).reshape(-1, 3)
    shape = ConvexHull(cloud)
    triangles = cloud[shape.simplices]
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    wrong = np.einsum('ij,ij->i', normals, shape.equations[:, :3]) < 0
    triangles[wrong] = triangles[wrong][:, ::-1]
    return triangles


def barrel(
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    radius: float,
    sides: int = 14,
) -> Triangles:
    """A servo case or a pin: a prism of many sides between two points."""
    a, b = np.array(start), np.array(end)
    axis = (b - a) / np.linalg.norm(b - a)
    across = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.9 else [0.0, 1.0, 0.0])
    across /= np.linalg.norm(across)
    up = np.cross(axis, across)
    angle = np.arange(sides) * 2 * np.pi / sides
    ring = radius * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * up)
    return hull(np.concatenate([a + ring, b + ring]), bevel=0.0008)


def both(triangles: Triangles) -> list[Triangles]:
    """A part and its mirror image across y = 0."""
    return [triangles, (triangles * [1, -1, 1])[:, ::-1]]


def body() -> dict[str, list[Triangles]]:
    """Carapace, chassis, and the coloured strips between them."""
    back = mirrored(
        [
            (-0.078, 0.018, 0.010),
            (-0.078, 0.024, -0.002),
            (-0.048, 0.026, 0.036),
            (-0.040, 0.030, 0.008),
            (-0.052, 0.018, 0.038),
        ]
    )
    top = mirrored(
        [
            (0.052, 0.014, 0.022),
            (0.046, 0.026, 0.014),
            (0.018, 0.034, 0.027),
            (-0.040, 0.034, 0.030),
            (-0.052, 0.030, 0.014),
            (0.012, 0.014, 0.036),
            (-0.036, 0.014, 0.042),
            (0.050, 0.020, 0.004),
            (-0.052, 0.034, 0.004),
        ]
    )
    cheek = [
        (0.060, 0.030, 0.016),
        (0.030, 0.040, 0.024),
        (0.072, 0.034, 0.004),
        (0.060, 0.046, 0.006),
        (0.030, 0.052, 0.010),
        (0.030, 0.044, 0.000),
        (0.066, 0.030, 0.000),
        (0.024, 0.034, 0.016),
    ]
    flank = [
        (-0.022, 0.036, 0.025),
        (-0.058, 0.036, 0.020),
        (-0.070, 0.044, 0.004),
        (-0.022, 0.052, 0.008),
        (-0.054, 0.056, 0.008),
        (-0.022, 0.044, -0.002),
        (-0.062, 0.040, -0.004),
        (-0.022, 0.030, 0.012),
    ]
    belly = mirrored(
        [
            (0.066, 0.022, 0.008),
            (0.066, 0.022, -0.010),
            (0.040, 0.050, 0.008),
            (0.040, 0.046, -0.014),
            (-0.040, 0.050, 0.008),
            (-0.040, 0.046, -0.014),
            (-0.068, 0.026, 0.008),
            (-0.062, 0.022, -0.014),
            (0.000, 0.020, -0.022),
        ]
    )
    waist = mirrored(
        [
            (0.022, 0.042, 0.012),
            (-0.018, 0.042, 0.014),
            (0.020, 0.044, -0.006),
            (-0.016, 0.044, -0.006),
            (0.010, 0.030, 0.022),
            (-0.010, 0.030, 0.024),
        ]
    )
    fins = [
        (-0.040, 0.010, 0.040),
        (-0.060, 0.012, 0.034),
        (-0.074, 0.013, 0.046),
        (-0.052, 0.011, 0.050),
        (-0.040, 0.015, 0.039),
        (-0.060, 0.017, 0.033),
        (-0.074, 0.015, 0.046),
    ]
    stripe = [
        (0.044, 0.003, 0.0260),
        (0.012, 0.0045, 0.0370),
        (-0.036, 0.006, 0.0430),
        (0.044, 0.000, 0.0262),
        (0.012, 0.000, 0.0375),
        (-0.036, 0.000, 0.0435),
        (0.040, 0.002, 0.022),
        (-0.036, 0.004, 0.036),
        (0.012, 0.003, 0.030),
    ]
    shoulders = [
        barrel((x, y, -0.017), (x, y, 0.017), 0.0145)
        for x in (0.055, -0.055)
        for y in (0.055, -0.055)
    ]
    vents = [
        hull(
            mirrored(
                [
                    (x, 0.020, 0.040),
                    (x - 0.004, 0.020, 0.040),
                    (x, 0.020, 0.030),
                    (x - 0.004, 0.020, 0.030),
                ]
            ),
            bevel=0.0005,
        )
        for x in (-0.056, -0.063)
    ]
    pins = [
        barrel((x, y, 0.014), (x, y, 0.0195), 0.006)
        for x in (0.055, -0.055)
        for y in (0.055, -0.055)
    ]
    return {
        'body_shell': [
            hull(top),
            *both(hull(np.array(cheek))),
            *both(hull(np.array(flank))),
            *both(hull(np.array(fins), bevel=0.0006)),
        ],
        'body_chassis': [hull(belly), hull(waist), hull(back), *shoulders, *vents],
        'body_accent': [hull(mirrored(stripe), bevel=0.0004), *pins],
    }


def head() -> dict[str, list[Triangles]]:
    """A wedge with a brow over one wide eye; its origin is 0.072 m forward of the body's centre."""
    brow = mirrored(
        [
            (0.013, 0.012, 0.012),
            (0.010, 0.026, 0.013),
            (-0.014, 0.014, 0.0195),
            (-0.014, 0.028, 0.012),
            (0.000, 0.010, 0.0185),
            (0.012, 0.008, 0.009),
            (-0.012, 0.026, 0.006),
            (0.008, 0.028, 0.008),
        ]
    )
    jaw = mirrored(
        [
            (0.014, 0.008, -0.006),
            (0.011, 0.018, -0.005),
            (0.006, 0.010, -0.015),
            (-0.014, 0.016, -0.015),
            (-0.014, 0.024, -0.003),
            (0.004, 0.022, -0.008),
        ]
    )
    skull = mirrored(
        [
            (0.008, 0.020, 0.010),
            (0.008, 0.018, -0.008),
            (-0.018, 0.022, 0.012),
            (-0.018, 0.020, -0.012),
        ]
    )
    eye = mirrored(
        [
            (0.0115, 0.006, 0.008),
            (0.0085, 0.021, 0.0085),
            (0.0120, 0.005, -0.003),
            (0.0090, 0.0185, -0.0015),
            (0.002, 0.020, 0.006),
            (0.002, 0.016, -0.003),
        ]
    )
    temple = [
        (0.007, 0.0215, 0.0150),
        (-0.013, 0.0205, 0.0172),
        (0.007, 0.0275, 0.0128),
        (-0.013, 0.0290, 0.0128),
        (0.005, 0.0240, 0.0090),
        (-0.011, 0.0240, 0.0090),
        (-0.015, 0.0245, 0.0130),
    ]
    fangs = [
        (0.014, 0.010, -0.004),
        (0.013, 0.016, -0.004),
        (0.010, 0.0125, -0.019),
        (0.006, 0.011, -0.006),
        (0.006, 0.016, -0.006),
    ]
    return {
        'head_shell': [hull(brow), hull(jaw), *both(hull(np.array(fangs), bevel=0.0005))],
        'head_chassis': [hull(skull)],
        'head_led': [hull(eye, bevel=0.0006), *both(hull(np.array(temple), bevel=0.0004))],
    }


def camera() -> dict[str, list[Triangles]]:
    """The clip-on camera behind its lens; nothing reaches forward of the origin of camera_link."""
    case = mirrored(
        [
            (-0.004, 0.013, 0.009),
            (-0.004, 0.013, -0.009),
            (-0.018, 0.012, 0.008),
            (-0.018, 0.012, -0.009),
            (-0.006, 0.009, 0.011),
            (-0.016, 0.009, 0.010),
        ]
    )
    stand = mirrored(
        [
            (-0.008, 0.005, -0.006),
            (-0.016, 0.005, -0.006),
            (-0.006, 0.008, -0.016),
            (-0.020, 0.008, -0.014),
        ]
    )
    return {
        'camera_case': [hull(case), hull(stand)],
        'camera_lens': [
            barrel((-0.006, 0, 0), (-0.0015, 0, 0), 0.0065),
            barrel((-0.005, 0.0095, 0.005), (-0.0035, 0.0095, 0.005), 0.002),
        ],
    }


def leg() -> dict[str, list[Triangles]]:
    """Hip, thigh and shank; in the stance the shank's z axis, with the shield, points outwards."""
    hip_case = mirrored(
        [
            (0.004, 0.010, 0.010),
            (0.004, 0.010, -0.010),
            (0.022, 0.009, 0.011),
            (0.022, 0.009, -0.011),
            (0.030, 0.006, 0.008),
            (0.030, 0.006, -0.008),
        ]
    )
    hip_cap = mirrored(
        [
            (-0.012, 0.008, 0.0205),
            (0.010, 0.013, 0.0205),
            (0.034, 0.009, 0.0165),
            (-0.010, 0.006, 0.0165),
            (0.010, 0.015, 0.013),
            (0.034, 0.011, 0.009),
            (0.006, 0.004, 0.024),
            (0.028, 0.004, 0.019),
        ]
    )
    thigh_bone = mirrored(
        [
            (0.000, 0.007, 0.009),
            (0.000, 0.007, -0.009),
            (0.062, 0.006, 0.008),
            (0.062, 0.006, -0.008),
            (0.030, 0.0075, 0.011),
            (0.030, 0.006, -0.012),
        ]
    )
    thigh_plate = mirrored(
        [
            (0.002, 0.010, 0.010),
            (0.014, 0.015, 0.010),
            (0.050, 0.014, 0.012),
            (0.060, 0.009, 0.013),
            (0.012, 0.007, 0.019),
            (0.044, 0.006, 0.021),
            (0.056, 0.004, 0.018),
            (0.020, 0.0155, 0.002),
            (0.044, 0.014, 0.002),
        ]
    )
    shank_bone = mirrored(
        [
            (-0.006, 0.007, 0.008),
            (-0.006, 0.007, -0.006),
            (0.020, 0.0065, -0.008),
            (0.050, 0.005, -0.004),
            (0.050, 0.005, 0.008),
            (0.088, 0.0030, 0.004),
            (0.088, 0.0030, -0.003),
        ]
    )
    shield = mirrored(
        [
            (-0.036, 0.0035, 0.010),
            (-0.034, 0.002, 0.017),
            (-0.014, 0.014, 0.008),
            (-0.010, 0.019, 0.011),
            (0.010, 0.021, 0.010),
            (0.040, 0.016, 0.009),
            (0.072, 0.006, 0.006),
            (0.082, 0.002, 0.007),
            (-0.010, 0.008, 0.022),
            (0.012, 0.009, 0.0235),
            (0.046, 0.005, 0.018),
            (0.010, 0.018, 0.006),
        ]
    )
    fin = [
        (-0.012, 0.013, 0.012),
        (-0.032, 0.019, 0.012),
        (-0.012, 0.020, 0.010),
        (0.014, 0.0205, 0.010),
        (-0.030, 0.0185, 0.0085),
        (-0.004, 0.015, 0.017),
    ]
    chevron = [
        (-0.004, 0.0060, 0.0235),
        (0.014, 0.0065, 0.0245),
        (0.042, 0.0030, 0.0205),
        (-0.004, 0.0000, 0.0240),
        (0.014, 0.0000, 0.0250),
        (0.042, 0.0000, 0.0210),
        (0.010, 0.004, 0.018),
    ]
    return {
        'hip_chassis': [hull(hip_case), barrel((0.035, -0.011, 0), (0.035, 0.011, 0), 0.011)],
        'hip_shell': [hull(hip_cap)],
        'thigh_chassis': [
            hull(thigh_bone),
            barrel((0.065, -0.013, 0), (0.065, 0.013, 0), 0.010),
            barrel((0, -0.0135, 0), (0, 0.0135, 0), 0.0075),
        ],
        'thigh_shell': [hull(thigh_plate)],
        'shank_chassis': [hull(shank_bone)],
        'shank_shell': [hull(shield), *both(hull(np.array(fin), bevel=0.0006))],
        'shank_accent': [
            hull(mirrored(chevron), bevel=0.0004),
            *both(barrel((0, 0.0125, 0), (0, 0.0150, 0), 0.0055)),
        ],
    }


def foot() -> dict[str, list[Triangles]]:
    """A rubber boot around the contact sphere of 10 mm; x along the leg."""
    angle = np.arange(12) * np.pi / 6
    rings = [
        np.column_stack((np.full(12, x), radius * np.cos(angle), radius * np.sin(angle)))
        for x, radius in ((-0.016, 0.0060), (-0.004, 0.0095), (0.004, 0.0092), (0.010, 0.0040))
    ]
    return {'foot': [hull(np.concatenate(rings), bevel=0.0004)]}


def write_stl(path: Path, triangles: Triangles) -> None:
    """Write a binary STL; the normals are left to the reader, as the format allows."""
    records = np.zeros(
        len(triangles),
        dtype=[('normal', '<f4', 3), ('corners', '<f4', (3, 3)), ('attribute', '<u2')],
    )
    edges = triangles[:, 1:] - triangles[:, :1]
    normals = np.cross(edges[:, 0], edges[:, 1])
    records['normal'] = normals / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)[:, None]
    records['corners'] = triangles
    path.write_bytes(b'\0' * 80 + struct.pack('<I', len(triangles)) + records.tobytes())


def main() -> None:
    """Write all meshes."""
    for name, hulls in {**body(), **head(), **camera(), **leg(), **foot()}.items():
        write_stl(Path(__file__).with_name(f'{name}.stl'), np.concatenate(hulls))


if __name__ == '__main__':
    main()
