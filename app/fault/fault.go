// Package fault is the one small vocabulary for errors that decide behaviour: a
// person reads a sentence, the operator reads the whole chain, the command line
// turns the kind into an exit code and Telegram's side turns it into a reply.
package fault

import "errors"

// Kind says what sort of failure an error is. The zero value is Internal: an
// error nobody classified is our own.
type Kind int

// The kinds, in the order of who can do something about them.
const (
	// Internal is a failure of ours; a person is told so, without the details.
	Internal Kind = iota
	// Usage is a command line that cannot be understood.
	Usage
	// Config is a setting that is missing or wrong.
	Config
	// Unavailable is a dependency that does not answer; trying again later may help.
	Unavailable
	// NotFound is a thing that was named and does not exist.
	NotFound
	// Invalid is a value that cannot be accepted as it is.
	Invalid
	// Conflict is an act that the present state does not allow.
	Conflict
	// Refused is an act that this caller has no right to.
	Refused
)

// String returns the kind's name for logs, in lower case.
func (k Kind) String() string {
	switch k {
	case Internal:
		return "internal"
	case Usage:
		return "usage"
	case Config:
		return "config"
	case Unavailable:
		return "unavailable"
	case NotFound:
		return "not found"
	case Invalid:
		return "invalid"
	case Conflict:
		return "conflict"
	case Refused:
		return "refused"
	}
	return "unknown kind"
}

// Error is an error with a kind and a sentence that a person may read. It is
// immutable and made by New and Wrap only.
type Error struct {
	kind     Kind
	sentence string
	cause    error
}

// New returns an error of this kind. The sentence is shown to people as it is, so
// it names what is wrong and what to do, and holds no secret.
func New(kind Kind, sentence string) error {
	return &Error{kind: kind, sentence: sentence}
}

// Wrap returns an error of this kind on top of err, or nil when err is nil. People
// are shown the sentence only; Error and Unwrap keep the cause for the operator.
func Wrap(kind Kind, sentence string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{kind: kind, sentence: sentence, cause: err}
}

// Error returns the sentence and, after a colon, the cause: the operator's text.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.sentence
	}
	return e.sentence + ": " + e.cause.Error()
}

// Unwrap returns the cause, nil for an error made by New.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the kind of the outermost Error in err's chain, and Internal when
// there is none, also for nil: ask err != nil first.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.kind
	}
	return Internal
}

// Sentence returns what a person may read about err: the outermost Error's
// sentence, and a neutral one for errors that nobody wrote for people. Empty for
// nil.
func Sentence(err error) string {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.sentence
	}
	return "something went wrong on our side; the log says what"
}

// The exit codes of the program. 69 and 78 are EX_UNAVAILABLE and EX_CONFIG of
// sysexits.h; a service manager must not restart after 78.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitUnavailable = 69
	ExitConfig      = 78
)

// Exit returns the exit code that err asks for; 0 for nil.
func Exit(err error) int {
	if err == nil {
		return ExitOK
	}
	switch KindOf(err) {
	case Usage:
		return ExitUsage
	case Config:
		return ExitConfig
	case Unavailable:
		return ExitUnavailable
	default:
		return ExitFailure
	}
}
