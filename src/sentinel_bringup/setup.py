from pathlib import Path

from setuptools import find_packages, setup

package_name = 'sentinel_bringup'


def shared_files():
    """Files of the top-level folders, which committed symbolic links make part of this package.

    Links, because data_files that point outside of the package (``../..``) are installed outside
    of the install space by ``colcon build --symlink-install``.
    """
    share = Path('share') / package_name
    for top in ('launch', 'urdf', 'config', 'models'):
        for folder in [Path(top), *(p for p in Path(top).rglob('*') if p.is_dir())]:
            files = [str(p) for p in sorted(folder.glob('*')) if p.is_file()]
            if files:
                yield str(share / folder), files


setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    package_data={package_name: ['py.typed']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
        *shared_files(),
    ],
    install_requires=['setuptools'],
    extras_require={'test': ['pytest']},
    zip_safe=True,
    maintainer='Garden Sentinel maintainers',
    maintainer_email='garden-sentinel@example.org',
    description='The list of nodes, launch files and the sentinel command.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'sentinel = sentinel_bringup.cli:main',
            'description = sentinel_bringup.description_node:main',
            'localizer = sentinel_bringup.localizer_node:main',
            'progress = sentinel_bringup.progress_node:main',
        ]
    },
)
