"""jupyter_client's names for a message's frames, read in version 8.10: public, but not in its docs."""

from hmac import compare_digest
from typing import Any, cast

from jupyter_client.manager import KernelManager
from jupyter_client.session import Session

# What is borrowed below; a test says by name which is gone.
BORROWED = (
    "jupyter_client.session:Session.feed_identities",
    "jupyter_client.session:Session.sign",
    "jupyter_client.provisioning.local_provisioner:LocalProvisioner.pid",
)


def signed_parts(session: Session, frames: list[bytes]) -> list[bytes] | None:
    """Return header, parent, metadata, content and buffers of a message; None if its signature is wrong.

    The session's own `deserialize` would look for dates in every header, and take longer for it.

    Raises
    ------
    Exception
        Whatever the session raises for frames that are no message.
    """
    _, message = session.feed_identities(frames)
    signature, *parts = cast(list[bytes], message)
    return parts if compare_digest(signature, session.sign(parts[:4])) else None


def process_id(manager: KernelManager) -> int:
    """Return the process id of a running kernel, which each of the provisioners in use has."""
    provisioner: Any = manager.provisioner
    return provisioner.pid
