"""Every command of the program, on one screen."""

from commands import events, faces, handlers, images, lists, objects, recognitions, samples
from commands.command import CommandTable

COMMANDS: CommandTable = {
    **events.COMMANDS,
    **faces.COMMANDS,
    **handlers.COMMANDS,
    **images.COMMANDS,
    **lists.COMMANDS,
    **objects.COMMANDS,
    **recognitions.COMMANDS,
    **samples.COMMANDS,
}
