"""The errors a user can cause; each message is one line: what, where, and what to do next."""

from __future__ import annotations


class Lgn2HdlError(Exception):
    """Base of every expected failure; the command line prints it as one line and exits with 1."""


class ModelFileError(Lgn2HdlError):
    """A model or checkpoint file is missing, damaged, foreign or from a newer version."""


class DataError(Lgn2HdlError):
    """A data set is missing or holds values that cannot be used."""


class OptionError(Lgn2HdlError):
    """An option is out of range or contradicts another one."""


class ToolError(Lgn2HdlError):
    """An external tool is missing, failed, timed out, or did not write what it should."""


class OutputError(Lgn2HdlError):
    """A file or folder cannot be written."""


class ResourceError(Lgn2HdlError):
    """The machine has not enough memory."""


class MismatchError(Lgn2HdlError):
    """Two engines that must agree bit for bit do not."""


class BoardError(Lgn2HdlError):
    """A board on a serial port does not answer, or is not the one that is expected."""
