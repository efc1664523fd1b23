"""What ``./sentinel arm`` and ``estop`` share: a word to the guard that runs."""

from sentinel_common.joining import PATIENCE, joined, nobody


def tell_guard(service: str, value: bool, namespace: str) -> str:
    """Call ``arm`` or ``emergency_stop`` of the guard that runs; return what it answers.

    Raises NobodyError where none answers in time.
    """
    import rclpy
    from std_srvs.srv import SetBool

    with joined(f'{service}_caller', namespace) as node:
        client = node.create_client(SetBool, service)
        if not client.wait_for_service(timeout_sec=PATIENCE):
            raise nobody('guard', namespace)
        future = client.call_async(SetBool.Request(data=value))
        rclpy.spin_until_future_complete(node, future, timeout_sec=PATIENCE)
        if not future.done():
            raise nobody('guard', namespace)
        return str(future.result().message)
    raise KeyboardInterrupt  # which ended it before the guard answered
