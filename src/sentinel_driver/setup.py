from setuptools import find_packages, setup

package_name = 'sentinel_driver'

setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    package_data={package_name: ['py.typed', 'presets/*']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
    ],
    install_requires=['setuptools'],
    extras_require={'test': ['pytest']},
    zip_safe=True,
    maintainer='Garden Sentinel maintainers',
    maintainer_email='garden-sentinel@example.org',
    description='MekaMon driver over Bluetooth Low Energy, and the speaker.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'driver = sentinel_driver.driver_node:main',
            'speaker = sentinel_driver.speaker_node:main',
        ]
    },
)
