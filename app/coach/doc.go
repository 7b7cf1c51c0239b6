// Package coach decides what a message means and does it: commands, food in plain words, reminders, corrections, points. For one
// thing that a person did it runs one unit of work, in which the effects, the end of the update and the replies are committed
// together; so an input has its effect once, whatever dies in between.
//
// It needs no model: what it does not understand it asks back, in one line.
package coach
