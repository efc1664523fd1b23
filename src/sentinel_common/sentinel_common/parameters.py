"""Parameters as data: every node lists its own once; node, runner and documentation read it."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ConfigurationError

Value = bool | int | float | str | list[float] | list[str]

# Bound of a number that has no other: a float holds every whole number up to there.
_LARGEST = 2**53


@dataclass(frozen=True)
class Parameter:
    """One parameter of a node.

    The type is that of ``default``; an empty list counts as a list of strings. ``minimum`` and
    ``maximum`` bound numbers (inclusive), ``choices`` bounds strings, ``read_only`` fixes the value
    at start.
    """

    name: str
    default: Value
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest number."""
        low = -_LARGEST if self.minimum is None else self.minimum
        high = _LARGEST if self.maximum is None else self.maximum
        return low, high

    def check(self, value: Any) -> Value:
        """Return ``value`` in the declared type, or raise ConfigurationError."""
        wanted = type(self.default)
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if isinstance(self.default, list) and isinstance(value, list | tuple):
            item = type(self.default[0]) if self.default else str
            value = [float(v) if item is float and type(v) is int else v for v in value]
            if any(type(v) is not item for v in value):
                raise ConfigurationError(
                    f'Parameter {self.name} takes a list of {item.__name__}, not {value!r}.'
                )
        if type(value) is not wanted:
            raise ConfigurationError(
                f'Parameter {self.name} takes {_KINDS[wanted]}, not {value!r}.',
                f'Meaning: {self.description}',
            )
        if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = self.bounds
            if not low <= value <= high:
                raise ConfigurationError(
                    f'Parameter {self.name} is {value}, {_misfit(value, low, high)}.',
                    f'Meaning: {self.description}',
                )
        if self.choices and value not in self.choices:
            choices = ', '.join(self.choices)
            raise ConfigurationError(
                f'Parameter {self.name} is {value!r}, but must be one of: {choices}.'
            )
        return value


_KINDS = {
    bool: 'true or false',
    int: 'a whole number',
    float: 'a number',
    str: 'a text',
    list: 'a list',
}


def _misfit(value: float, low: float, high: float) -> str:
    if -_LARGEST < low and high < _LARGEST:
        return f'outside {low} to {high}'
    return f'but must be at least {low}' if value < low else f'but must be at most {high}'


# Every node has these two without listing them.
COMMON = (
    Parameter('use_sim_time', False, 'take the time from /clock instead of the system clock'),
    Parameter(
        'start_type_description_service',
        True,
        'answer requests for type descriptions',
        read_only=True,
    ),
)


def check(
    values: Mapping[str, Any], parameters: Iterable[Parameter], where: str
) -> dict[str, Value]:
    """Return ``values`` in the declared types; raise ConfigurationError naming ``where``.

    ``qos_overrides`` are for ROS itself to judge.
    """
    known = {p.name: p for p in (*parameters, *COMMON)}
    checked: dict[str, Value] = {}
    for name, value in values.items():
        if name.startswith('qos_overrides.'):
            checked[name] = value
            continue
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ConfigurationError(
                f'{where}: there is no parameter {name!r}.',
                f'Did you mean {near[0]!r}?' if near else '',
            )
        try:
            checked[name] = known[name].check(value)
        except ConfigurationError as error:
            raise ConfigurationError(f'{where}: {error.reason}', error.cure) from None
    return checked


class Parameters:
    """The declared parameters of a running node: ``parameters['name']`` is the value in force.

    Unknown or misfit overrides end the start with one sentence. ``on_change`` gets the new values
    when a parameter is changed from outside; raising ConfigurationError there refuses them.
    """

    def __init__(
        self,
        node: Any,
        parameters: Sequence[Parameter],
        on_change: Callable[[dict[str, Value]], None] | None = None,
    ) -> None:
        from rclpy.parameter import Parameter as RclParameter

        overrides = {name: p.value for name, p in node._parameter_overrides.items()}
        self._specs = {p.name: p for p in parameters}
        self._on_change = on_change
        self._values = {p.name: p.default for p in parameters}
        # ROS hands an empty list on as a value that is not set.
        lists = {p.name for p in parameters if isinstance(p.default, list)}
        overrides |= {n: [] for n, v in overrides.items() if v is None and n in lists}
        checked = check(overrides, parameters, f'Node {node.get_name()}')
        self._values.update({n: v for n, v in checked.items() if n in self._specs})
        for name, value in self._values.items():
            # The override was checked and put into the declared type above: 5 is taken for 5.0.
            kind = (
                RclParameter.Type.STRING_ARRAY
                if value == []
                else RclParameter.Type.from_parameter_value(value)
            )
            node._parameter_overrides[name] = RclParameter(name, kind, value)
            node.declare_parameter(name, value, self._descriptor(self._specs[name]))
        node.add_on_set_parameters_callback(self._changed)

    def __getitem__(self, name: str) -> Any:
        """Value of the parameter that is in force now."""
        return self._values[name]

    @staticmethod
    def _descriptor(spec: Parameter) -> Any:
        from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

        descriptor = ParameterDescriptor(description=spec.description, read_only=spec.read_only)
        # ROS cannot tell what an empty list is a list of, and would refuse texts later; `check`
        # knows.
        descriptor.dynamic_typing = spec.default == []
        if spec.choices:
            descriptor.additional_constraints = f'one of: {", ".join(spec.choices)}'
        if spec.minimum is not None or spec.maximum is not None:
            low, high = spec.bounds
            if isinstance(spec.default, int):
                descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
            else:
                descriptor.floating_point_range = [
                    FloatingPointRange(from_value=float(low), to_value=float(high))
                ]
        return descriptor

    def _changed(self, changes: Sequence[Any]) -> Any:
        from rcl_interfaces.msg import SetParametersResult

        new = dict(self._values)
        try:
            for change in changes:
                if change.name in self._specs:
                    new[change.name] = self._specs[change.name].check(change.value)
            if self._on_change is not None:
                self._on_change(new)
        except ConfigurationError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._values = new
        return SetParametersResult(successful=True)
