"""Write meshes/raccoon.obj for Gazebo: the simulator's raccoon, standing, coarser, in 64 colours.

Gazebo gets one rigid mesh; only the embedded simulator moves legs.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.cluster.vq import kmeans2
from sentinel_sim.animals import quadruped, shapes

VARIANT = 0
COARSER = 1.5  # times the simulator's grid step: a file of a few hundred kilobytes
COLORS = 64
_CELL = 4  # texels of each colour: more than a filter blurs over

FOLDER = Path(__file__).with_name('meshes')


def body() -> tuple[list[shapes.Mesh], npt.NDArray[np.float64]]:
    """Return the parts of the animal, and the colour (n, 3) of each of their triangles."""
    parts: list[shapes.Mesh] = []
    colors: list[npt.NDArray[np.float64]] = []

    def mesher(name, field, low, high, step, coat):
        mesh = shapes.build(field, low, high, step * COARSER, coat)
        parts.append(mesh)
        colors.append(np.clip(coat(mesh.vertices[mesh.faces].mean(axis=1)), 0, 1))
        return mesh

    quadruped.anatomy('raccoon', VARIANT, mesher)
    return parts, np.concatenate(colors)


def main() -> None:
    """Write mesh, material and palette."""
    parts, colors = body()
    palette, chosen = kmeans2(colors, COLORS, seed=1, minit='++')
    side = round(COLORS**0.5)
    cells = (palette.reshape(side, side, 3) * 255).astype(np.uint8)
    Image.fromarray(np.kron(cells, np.ones((_CELL, _CELL, 1), np.uint8))).save(
        FOLDER / 'raccoon.png', optimize=True
    )
    (FOLDER / 'raccoon.mtl').write_text('newmtl coat\nKd 1 1 1\nmap_Kd raccoon.png\n')

    lines = ['mtllib raccoon.mtl', 'usemtl coat']
    for index in range(COLORS):
        row, column = divmod(index, side)
        lines.append(f'vt {(column + 0.5) / side:g} {1 - (row + 0.5) / side:g}')
    for mesh in parts:
        lines += [f'v {x:.4f} {y:.4f} {z:.4f}' for x, y, z in mesh.vertices]
        lines += [f'vn {x:.2f} {y:.2f} {z:.2f}' for x, y, z in mesh.normals]
    first = triangle = 0
    for mesh in parts:
        for face in mesh.faces:
            color = chosen[triangle] + 1
            corners = (f'{first + v + 1}/{color}/{first + v + 1}' for v in face)
            lines.append('f ' + ' '.join(corners))
            triangle += 1
        first += len(mesh.vertices)
    (FOLDER / 'raccoon.obj').write_text('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
