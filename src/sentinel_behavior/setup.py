from setuptools import find_packages, setup

package_name = 'sentinel_behavior'

setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    package_data={package_name: ['py.typed', 'report/*.j2']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
    ],
    install_requires=['setuptools'],
    extras_require={'test': ['hypothesis', 'pytest']},
    zip_safe=True,
    maintainer='Garden Sentinel maintainers',
    maintainer_email='garden-sentinel@example.org',
    description='Behaviour tree, guard, deterrent policy, incident log and report.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            f'bag = {package_name}.bag_node:main',
            f'brain = {package_name}.brain_node:main',
            f'guard = {package_name}.guard_node:main',
            f'recorder = {package_name}.recorder_node:main',
        ]
    },
)
