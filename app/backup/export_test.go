package backup

// AllowCommand is for tests of what needs no directory.
var AllowCommand = allowCommand
