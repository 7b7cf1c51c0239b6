// Package doctor looks at an installation from end to end and says of each thing whether it is well and, if not, what to paste. The verb,
// the daemon's /readyz, the screen's banner and the alerts all draw on this one list.
package doctor
