"""One error tree. Each error says in one sentence what happened and what the person can do next."""


class PortalError(Exception):
    """Root of everything the portal refuses on purpose. `str(error)` is fit for people."""


class NotAllowed(PortalError):
    """The person may not do this. Views answer 404 when the object is hidden, 403 when it is visible."""


class Invalid(PortalError):
    """What was given cannot be accepted. `field` names the form field at fault, if there is one."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Conflict(PortalError):
    """Somebody else changed the same thing in the meantime; nothing was overwritten."""


class Locked(PortalError):
    """The thing is signed or otherwise final; a change makes a new version beside it."""


class CatalogueError(PortalError):
    """A YAML text of the catalogue is wrong. The message names file, line and reason."""


class ReadingError(PortalError):
    """A log file cannot be read as a whole (unreadable, unknown format). Single records are rejected, not raised."""


class UnpacksTooFar(ReadingError):
    """A compressed file holds more than any log: a compression bomb. What was unpacked of it before is good."""


class ArchiveError(PortalError):
    """The archive could not be written or does not hold what it should."""


class BucketError(PortalError):
    """A bucket cannot be read: its name, the right to it, the network or its provider is wrong."""


class ObjectError(BucketError):
    """One object of a bucket cannot be read; the others may be fine."""


class StoreError(PortalError):
    """The event store could not be written or lacks a file; `rebuild` makes it anew from the archive."""


class RecordError(PortalError):
    """A signed record could not be made or is not what it claims to be."""


class ConfigurationError(PortalError):
    """A setting or the place the portal runs in is wrong."""
