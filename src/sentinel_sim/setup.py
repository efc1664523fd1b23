from setuptools import find_packages, setup

package_name = 'sentinel_sim'

setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    package_data={package_name: ['py.typed']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
    ],
    install_requires=['setuptools'],
    extras_require={'test': ['pytest']},
    zip_safe=True,
    maintainer='Garden Sentinel maintainers',
    maintainer_email='garden-sentinel@example.org',
    description='MuJoCo garden, animals and an emulated MekaMon.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'simulator = sentinel_sim.simulator_node:main',
            'mekamon_emulator = sentinel_sim.robot.emulator_node:main',
        ]
    },
)
