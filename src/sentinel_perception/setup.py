from setuptools import find_packages, setup

package_name = 'sentinel_perception'

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
    description='Camera pictures to confirmed animals: camera node, TFLite detector, tracker.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'camera = sentinel_perception.camera_node:main',
            'detector = sentinel_perception.detector_node:main',
        ]
    },
)
