package source

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Source is where the state comes from and acts go to: the daemon's socket, the database itself while the daemon is down, a fixture. All
// methods may be called concurrently and heed their context.
type Source interface {
	// Follow calls show with each new whole state, one after the other, until ctx ends. It never gives up: what is wrong with the way to
	// the state is in its Link, and the rest is what was known last. show must not block for long; states that come meanwhile are merged.
	Follow(ctx context.Context, show func(*Snapshot))
	// Retry asks Follow to try again at once instead of at its next turn, and to have everything read anew.
	Retry()
	// Ask reads a page that is made for the question: Activity, Plan or Preview into a pointer to it. Errors are those of Do.
	Ask(ctx context.Context, path string, into any) error
	// Do does what was previewed. typed is what was typed where the preview's Confirm asks for it, else empty. It returns the id of the
	// run, which Snapshot.Runs then has. Errors: *RefusedError, *ChangedError, *UnavailableError.
	Do(ctx context.Context, act Act, token, typed string) (id string, err error)
}

// The pages that can be asked for. A plan's is PlanPath's, an act's is its Path.
const ActivityPath = "/v1/activity"

// PlanPath is the page of a named statement's plan. An analyzed one runs the statement.
func PlanPath(name string, analyze bool) string {
	path := "/v1/plans/" + url.PathEscape(name)
	if analyze {
		path += "?analyze=1"
	}
	return path
}

// LinkState says how it stands with the way to the state.
type LinkState string

// The states of the way.
const (
	LinkWaiting LinkState = "connecting" // nothing has come yet
	LinkLive    LinkState = "live"
	LinkDown    LinkState = "down"     // nobody answers
	LinkDirect  LinkState = "direct"   // the daemon is down and the database is asked itself
	LinkUpgrade LinkState = "upgraded" // the daemon speaks a newer protocol than this screen
	LinkDenied  LinkState = "denied"   // this user may not look
)

// Link is the way to the state.
type Link struct {
	State   LinkState
	Since   time.Time // of this state
	Heard   time.Time // when the last state came, by our clock
	Attempt int       // tries since Since, while it is down
	Next    time.Time // of the next try
	Reason  string    // why it is down, in a sentence
	Unit    []string  // what the service manager says of the daemon, line by line, while it is down
	Journal []string  // the last lines of its log, while it is down
	Acts    string    // in direct mode: what to know before an act
}

// RefusedError means that this user may not do it, or that it cannot be done at all.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

// ChangedError means that something has changed since the preview, and nothing was done.
type ChangedError struct{ What string }

func (e *ChangedError) Error() string { return "nothing was done: " + e.What }

// UnavailableError means that the daemon or the database does not answer. Whether an act was begun is then not known.
type UnavailableError struct {
	Reason string
	Err    error
}

func (e *UnavailableError) Error() string { return e.Reason }

func (e *UnavailableError) Unwrap() error { return e.Err }

// Sentence is what a person is told of an error of a Source.
func Sentence(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "given up"
	default:
		return fmt.Sprint(err)
	}
}
