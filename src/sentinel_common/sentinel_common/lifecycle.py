"""Lifecycle nodes that bring themselves up and never swallow an exception."""

from typing import Any

from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from .errors import SentinelError
from .parameters import Parameter

AUTOSTART = Parameter(
    'autostart',
    True,
    'configure and activate without being told, so that a respawned node recovers',
    read_only=True,
)


class ManagedNode(LifecycleNode):
    """A lifecycle node whose subclasses override ``configure`` to ``cleanup``.

    They return nothing and raise SentinelError where the transition must fail; rclpy itself would
    swallow the exception, so it is logged here. Transitions must not block. An absent device is a
    diagnostic, not a failure. Subclasses list ``AUTOSTART`` among their parameters and set
    ``self.parameters`` in their constructor.
    """

    parameters: Any

    def configure(self) -> None:
        """Read parameters and make what is needed, without touching the device."""

    def activate(self) -> None:
        """Start to work."""

    def deactivate(self) -> None:
        """Stop to work; runs also before the process ends."""

    def cleanup(self) -> None:
        """Undo ``configure``."""

    def autostart(self) -> None:
        """Configure and activate, if the parameter says so."""
        if self.parameters['autostart']:
            if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
                self.trigger_activate()

    def stop(self) -> None:
        """Run the stop sequence; the signal handlers of ``node.run`` call it."""
        if self._state_machine.current_state[1] == 'active':
            self.trigger_deactivate()

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Hook of rclpy."""
        return self._guarded(self.configure, super().on_configure, state)

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Hook of rclpy."""
        return self._guarded(self.activate, super().on_activate, state)

    def on_deactivate(self, state: Any) -> TransitionCallbackReturn:
        """Hook of rclpy."""
        return self._guarded(self.deactivate, super().on_deactivate, state)

    def on_cleanup(self, state: Any) -> TransitionCallbackReturn:
        """Hook of rclpy."""
        return self._guarded(self.cleanup, super().on_cleanup, state)

    def on_shutdown(self, state: Any) -> TransitionCallbackReturn:
        """Hook of rclpy; ``state``: the one from which it shuts down."""
        return self._guarded(lambda: self._wind_down(state.label), super().on_shutdown, state)

    def on_error(self, state: Any) -> TransitionCallbackReturn:
        """Hook of rclpy, after an exception in a transition out of ``state``."""
        return self._guarded(lambda: self._wind_down('active'), super().on_error, state)

    def _wind_down(self, label: str) -> None:
        """Stop to work and let go of everything, from the state ``label`` on."""
        if label == 'active':
            self.deactivate()
        if label in ('active', 'inactive'):
            self.cleanup()

    def _guarded(self, work: Any, parent: Any, state: Any) -> TransitionCallbackReturn:
        try:
            work()
        except SentinelError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # rclpy would drop it without a word
            self.get_logger().error(f'{type(error).__name__} after {state.label}: {error}')
            return TransitionCallbackReturn.ERROR
        return parent(state)
