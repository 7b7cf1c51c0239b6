package direct

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"healthagent/app/fault"
	"healthagent/app/report"
	"healthagent/app/schema"
	"healthagent/store"
	"healthagent/tui/source"
)

// askTime bounds the answer to a question, which has budgets of its own below this.
const askTime = 30 * time.Second

// Ask implements source.Source.
func (s *Source) Ask(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var err error
	switch into := into.(type) {
	case *source.Activity:
		err = answer(into, func() (source.Activity, error) { return s.activity(ctx) })
	case *source.Plan:
		err = answer(into, func() (source.Plan, error) { return s.plan(ctx, path) })
	case *source.Preview:
		if err = answer(into, func() (source.Preview, error) { return s.preview(ctx, path) }); err == nil {
			unknown(into)
		}
	default:
		return &source.RefusedError{Reason: "without the daemon there is no such page"}
	}
	return told(err)
}

// answer fills in a clean copy.
func answer[T any](into *T, read func() (T, error)) error {
	value, err := read()
	if err != nil {
		return err
	}
	clean, err := fresh(&value)
	if err != nil {
		return err
	}
	*into = *clean
	return nil
}

// told makes an error one of those that a Source returns.
func told(err error) error {
	var refused *source.RefusedError
	var changed *source.ChangedError
	var gone *source.UnavailableError
	switch {
	case err == nil, errors.As(err, &refused), errors.As(err, &changed), errors.As(err, &gone):
		return err
	case fault.KindOf(err) == fault.NotFound, fault.KindOf(err) == fault.Invalid:
		return &source.RefusedError{Reason: fault.Sentence(err)}
	default:
		return &source.UnavailableError{Reason: "the database cannot be asked: " + store.Reason(err), Err: err}
	}
}

func (s *Source) activity(ctx context.Context) (source.Activity, error) {
	begun := s.conf.Now()
	a, err := report.ReadActivity(ctx, s.monitor)
	a.At = s.conf.Now()
	a.TookMS = float64(a.At.Sub(begun).Microseconds()) / 1000
	return a, err
}

func (s *Source) plan(ctx context.Context, path string) (source.Plan, error) {
	u, err := url.Parse(path)
	name, found := "", false
	if err == nil {
		name, found = strings.CutPrefix(u.Path, "/v1/plans/")
	}
	switch {
	case !found:
		return source.Plan{}, &source.RefusedError{Reason: "there is no such page"}
	case u.Query().Get("analyze") == "1":
		return source.Plan{}, &source.RefusedError{Reason: "without the daemon no statement is run for its plan"}
	}
	return report.ReadPlan(ctx, s.monitor, name, s.conf.Now())
}

// preview looks at what an act would do. What changes the schema must be typed here, whatever it is.
func (s *Source) preview(ctx context.Context, path string) (source.Preview, error) {
	act, err := source.ParseAct(path)
	if err != nil {
		return source.Preview{}, &source.RefusedError{Reason: err.Error()}
	}
	p, err := s.acts.Preview(ctx, s.who, act)
	if err != nil || p.Token == "" {
		return p, err
	}
	if !changesSchema(act) {
		return p, nil
	}
	if p.Confirm == "" { // else there is something to be typed already, which is compared where it is done
		p.Confirm = s.word(p.Act)
		s.remember(p.Token, p.Confirm)
	} else {
		s.remember(p.Token, "")
	}
	return p, nil
}

func changesSchema(act source.Act) bool {
	return slices.Contains([]source.Verb{source.Rollback, source.Apply, source.Drop, source.Build, source.Reindex}, act.Verb)
}

// word is what must be typed: the number of the migration.
func (s *Source) word(act source.Act) string {
	if act.Object == source.OnMigration {
		return act.Name
	}
	if owner, _, known := strings.Cut(schema.Owners(s.engine)[act.Name], "_"); known {
		return owner
	}
	return act.Name
}

// mostWords bounds what is remembered of previews that led to nothing.
const mostWords = 100

func (s *Source) remember(token, word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.words) >= mostWords {
		clear(s.words)
	}
	s.words[token] = word
}

// Do implements source.Source. It runs in this process, under the same lock as the daemon's acts.
func (s *Source) Do(ctx context.Context, act source.Act, token, typed string) (string, error) {
	s.mu.Lock()
	word, known := s.words[token]
	s.mu.Unlock()
	switch {
	case !changesSchema(act):
	case !known:
		return "", &source.ChangedError{What: "this screen has shown no such preview: look at it again"}
	case word != "" && !sameWord(word, typed):
		return "", &source.ChangedError{What: fmt.Sprintf("%q was typed and not %q", source.CleanText(typed, false), word)}
	}
	id, err := s.acts.Do(ctx, s.who, act, token, typed)
	return id, told(err)
}

// sameWord takes 17 for 017.
func sameWord(word, typed string) bool {
	typed = strings.TrimSpace(typed)
	return typed != "" && strings.TrimLeft(typed, "0") == strings.TrimLeft(word, "0")
}

// unknown marks figures of a preview that only the daemon knows.
func unknown(p *source.Preview) {
	for i := range p.Queries {
		for _, figure := range []*float64{&p.Queries[i].P95MS, &p.Queries[i].MeanMS, &p.Queries[i].CallsMin} {
			if *figure == 0 {
				*figure = math.NaN()
			}
		}
	}
}
