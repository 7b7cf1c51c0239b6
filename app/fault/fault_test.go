package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"healthagent/app/fault"
)

func TestExitFollowsKindThroughWrapping(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		kind fault.Kind
		exit int
	}{
		{"nil", nil, fault.Internal, 0},
		{"plain", io.EOF, fault.Internal, 1},
		{"usage", fault.New(fault.Usage, "no such verb"), fault.Usage, 2},
		{"unavailable", fault.New(fault.Unavailable, "the database is away"), fault.Unavailable, 69},
		{"config", fault.New(fault.Config, "the token is missing"), fault.Config, 78},
		{"not found", fault.New(fault.NotFound, "no such code"), fault.NotFound, 1},
		{"refused", fault.New(fault.Refused, "not yours"), fault.Refused, 1},
		{"under %w", fmt.Errorf("load: %w", fault.New(fault.Config, "x")), fault.Config, 78},
		{"joined", errors.Join(io.EOF, fault.New(fault.Usage, "x")), fault.Usage, 2},
		{
			"the outermost kind wins",
			fault.Wrap(fault.Config, "y", fault.New(fault.Unavailable, "x")), fault.Config, 78,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := fault.KindOf(tt.err); got != tt.kind {
				t.Errorf("KindOf = %v, want %v", got, tt.kind)
			}
			if got := fault.Exit(tt.err); got != tt.exit {
				t.Errorf("Exit = %d, want %d", got, tt.exit)
			}
		})
	}
}

func TestSentenceKeepsTheCauseFromPeople(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("serve: %w", fault.Wrap(fault.Unavailable, "the database does not answer", io.ErrUnexpectedEOF))
	if got := fault.Sentence(err); got != "the database does not answer" {
		t.Errorf("Sentence = %q", got)
	}
	if got, want := err.Error(), "serve: the database does not answer: unexpected EOF"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if got := fault.Sentence(errors.New("pq: secret detail")); got == "" || got == "pq: secret detail" {
		t.Errorf("Sentence of an unclassified error = %q", got)
	}
	if fault.Sentence(nil) != "" || fault.Wrap(fault.Config, "x", nil) != nil {
		t.Error("nil must stay nothing")
	}
}
