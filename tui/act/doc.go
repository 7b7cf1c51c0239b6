// Package act is one act from its key to its end, as a machine: it is told what was pressed, what was answered and what is so, and says
// what has to be done. It draws nothing, reads no clock and asks nobody.
//
//	idle -> preparing -> preview -> (typing ->) starting -> running -> done, partial, failed
//	          |             |                     |           |  \
//	          refused       leave                 unknown     |   stopping (one more key) -> running
//	                                              unknown <---+
//
// From done z leads to the preview of the undo, from partial r and z to those of the two ways out, each of them a whole act of its own.
// Whatever is lost on the way ends in unknown: from there the machine finds the run again when somebody tells of it, and never asks for
// the same thing a second time by itself.
package act

import "time"

// Guard is for how long after it appeared a question cannot be answered: what was pressed before it was seen is not an answer.
const Guard = 400 * time.Millisecond

// Stale is the age from which on a preview is asked for anew before it can be confirmed.
const Stale = 5 * time.Minute

// unseen is for how long a run that has begun need not be told of by the state.
const unseen = 10 * time.Second

// unanswered is for how long an act that was asked for need not be answered. A later answer still counts.
const unanswered = 3 * time.Minute

// State is where an act stands.
type State string

// The states.
const (
	Idle      State = "idle"
	Preparing State = "preparing" // its preview is asked for
	Preview   State = "preview"   // nothing has been done; y does it
	Refused   State = "refused"   // it cannot be done
	Typing    State = "typing"    // what the preview wants to have typed is being typed
	Starting  State = "starting"  // it was asked for and nobody has answered yet
	Running   State = "running"
	Stopping  State = "stopping" // it runs, and whether to stop it is being asked
	Done      State = "done"     // with the watch over its effect
	Partial   State = "partial"
	Failed    State = "failed"  // nothing was done
	Unknown   State = "unknown" // whether it began, or how it stands, cannot be known now
)

// States returns all of them.
func States() []State {
	return []State{Idle, Preparing, Preview, Refused, Typing, Starting, Running, Stopping, Done, Partial, Failed, Unknown}
}
