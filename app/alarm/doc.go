// Package alarm decides what the administrators are told of what has turned red, and of what is well again: once, and not too often. It
// sends nothing itself. What was told is kept in a file, so that a new process does not tell it again.
package alarm
