"""Every command of the program, on one screen."""

from commands import faces, handlers, images, lists, objects, samples
from commands.command import CommandTable

COMMANDS: CommandTable = {
    **faces.COMMANDS,
    **handlers.COMMANDS,
    **images.COMMANDS,
    **lists.COMMANDS,
    **objects.COMMANDS,
    **samples.COMMANDS,
}
