"""Every command of the program, on one screen."""

from commands import faces, lists
from commands.command import CommandTable

COMMANDS: CommandTable = {
    **faces.COMMANDS,
    **lists.COMMANDS,
}
